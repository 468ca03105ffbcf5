//! Programs that must not compile, and what the compiler says of them.
//!
//! Each file in `ui/fail` has one mistake in it, and a twin in `ui/pass` without that mistake, so
//! that the reason for the refusal is the one meant. Its first lines say what the mistake is and,
//! after `error:`, what the compiler must call it; after `says:`, what else it must say of it.
//!
//! That much is asked of every toolchain. On the pinned one every word is compared with the
//! `.stderr` file beside the program; `TRYBUILD=overwrite cargo test --test ui` writes these.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use serde_json::Value;

/// The toolchain whose words the `.stderr` files are.
const PINNED: &str = "1.95.";

#[test]
fn the_pinned_toolchain_says_exactly_this() {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc).arg("--version").output().expect("rustc runs").stdout;
    let version = String::from_utf8_lossy(&version);
    if version.starts_with(&format!("rustc {PINNED}")) {
        trybuild::TestCases::new().compile_fail("tests/ui/fail/*.rs");
    } else {
        // Written past the test harness, which keeps what a passing test prints to itself.
        let notice = "NOT CHECKED: the exact words of the compiler, which are those of";
        writeln!(io::stderr(), "{notice} Rust {PINNED}x; this is {}", version.trim()).unwrap();
    }
}

#[test]
fn every_toolchain_names_the_mistake() {
    let fail = programs("fail");
    let names: BTreeSet<_> = fail.keys().collect();
    assert_eq!(names, programs("pass").keys().collect(), "a program has no twin");
    let checked = check();
    for (name, source) in &fail {
        let twin = &checked[&format!("pass-{name}")];
        assert!(twin.compiled, "pass/{name}.rs does not compile:\n{}", twin.rendered());

        let found = &checked[&format!("fail-{name}")];
        let expected = expected(source);
        let headlines = found.errors.iter().map(|error| &error.headline);
        assert!(
            !expected.is_empty() && headlines.eq(expected.iter().map(|error| &error.headline)),
            "fail/{name}.rs gets these errors:\n{}",
            found.rendered()
        );
        for (found, expected) in found.errors.iter().zip(&expected) {
            for words in &expected.says {
                let rendered = &found.rendered;
                assert!(rendered.contains(words), "fail/{name}.rs, no {words:?}:\n{rendered}");
            }
        }
    }
}

struct Expected {
    headline: String,
    says: Vec<String>,
}

/// What the first lines of a program say.
fn expected(source: &str) -> Vec<Expected> {
    let mut errors = Vec::<Expected>::new();
    for line in source.lines().map_while(|line| line.strip_prefix("//! ")) {
        if let Some(headline) = line.strip_prefix("error: ") {
            errors.push(Expected { headline: headline.to_owned(), says: Vec::new() });
        } else if let Some(words) = line.strip_prefix("says: ") {
            errors.last_mut().expect("an error comes first").says.push(words.to_owned());
        }
    }
    errors
}

fn folder(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ui").join(folder)
}

/// The programs of a folder: names without `.rs`, and texts.
fn programs(of: &str) -> BTreeMap<String, String> {
    let files = fs::read_dir(folder(of)).expect("the folder is there");
    let paths = files.map(|file| file.expect("a file").path());
    let programs = paths.filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    programs
        .map(|path| {
            let name = path.file_stem().expect("a file has a name").to_string_lossy().into_owned();
            (name, fs::read_to_string(path).expect("a program is text"))
        })
        .collect()
}

#[derive(Default)]
struct Checked {
    compiled: bool,
    errors: Vec<Error>,
}

struct Error {
    headline: String,
    rendered: String,
}

impl Checked {
    fn rendered(&self) -> String {
        self.errors.iter().map(|error| &*error.rendered).collect()
    }
}

/// Checks all programs with the `cargo` that runs this test: what became of `fail-..` and
/// `pass-..`.
fn check() -> BTreeMap<String, Checked> {
    let crate_folder = env!("CARGO_MANIFEST_DIR");
    let project = Path::new(env!("CARGO_TARGET_TMPDIR")).join("ui");
    let mut manifest = format!(
        r#"
        [package]
        name = "ui"
        edition = "2024"
        [workspace]
        [dependencies]
        constgrad = {{ path = {crate_folder:?}, default-features = false, features = ["std"] }}
        rand = {{ version = "0.10", default-features = false }}
        "#
    );
    let mut checked = BTreeMap::new();
    for of in ["fail", "pass"] {
        for name in programs(of).into_keys() {
            let (bin, path) = (format!("{of}-{name}"), folder(of).join(&name).with_extension("rs"));
            manifest += &format!("[[bin]]\nname = {bin:?}\npath = {path:?}\n");
            checked.insert(bin, Checked::default());
        }
    }
    fs::create_dir_all(&project).expect("a folder under target");
    fs::write(project.join("Cargo.toml"), manifest).expect("a file under target");
    // The same dependencies, which are there already: nothing is downloaded.
    let _ = fs::copy(Path::new(crate_folder).join("Cargo.lock"), project.join("Cargo.lock"));

    let output = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["check", "--offline", "--bins", "--keep-going", "--message-format=json"])
        .current_dir(&project)
        .env("CARGO_TARGET_DIR", project.join("target"))
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .output()
        .expect("cargo runs");
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let line: Value = serde_json::from_str(line).expect("cargo speaks JSON");
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let Some(checked) = checked.get_mut(&text(&line["target"]["name"])) else { continue };
        let message = &line["message"];
        let headline = text(&message["message"]);
        if line["reason"] == "compiler-artifact" {
            checked.compiled = true;
        } else if message["level"] == "error" && !headline.starts_with("aborting due to") {
            checked.errors.push(Error { headline, rendered: text(&message["rendered"]) });
        }
    }
    let any = checked.values().any(|program| program.compiled);
    assert!(any, "nothing compiles: {}", String::from_utf8_lossy(&output.stderr));
    checked
}
