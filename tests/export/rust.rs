use std::fmt::Debug;
use std::path::Path;
use std::process::Command;
use std::{env, fs};

use constgrad::export::{self, Export};
use constgrad::{Layer, Network};

use crate::networks::{Each, Number, each_network, inputs};

/// Writes the modules, and a program that prints the bits of what each predicts.
struct Modules<'a> {
    folder: &'a Path,
    program: String,
    calls: String,
    expected: String,
}

impl Each for Modules<'_> {
    fn network<N, T, const IN: usize, const OUT: usize>(&mut self, name: &str, net: &N)
    where
        N: Layer<Input = [T; IN], Output = [T; OUT]> + Export + Debug,
        T: Number,
    {
        let mut source = String::new();
        export::rust(net, "TheNet", &mut source).unwrap();
        fs::write(self.folder.join(format!("{name}.rs")), source).unwrap();
        self.program += &format!("mod {name};\n");
        self.calls += &format!(
            "    const _: () = constgrad::assert_network::<{name}::TheNet>();
    println!(\"{name} {{:?}}\", {name}::TheNet::layers());\n"
        );
        self.expected += &format!("{name} {:?}\n", N::layers());
        // A pair prints as its halves: the nesting is seen too.
        self.calls += &format!("    println!(\"{{:?}}\", {name}::THE_NET);\n");
        self.expected += &format!("{net:?}\n");
        for x in inputs::<T, IN>().iter().take(3) {
            self.calls += &format!("    println!(\"{{:?}}\", {name}::THE_NET.predict(&{x:?}));\n");
            self.expected += &format!("{:?}\n", net.predict(x));
        }
    }
}

#[test]
fn rustc_makes_the_same_network() {
    let crate_folder = env!("CARGO_MANIFEST_DIR");
    let project = Path::new(env!("CARGO_TARGET_TMPDIR")).join("export-rust");
    let folder = project.join("src");
    fs::create_dir_all(&folder).unwrap();
    let mut modules = Modules {
        folder: &folder,
        program: "#![deny(warnings)]\nuse constgrad::prelude::*;\n".to_string(),
        calls: String::new(),
        expected: String::new(),
    };
    each_network(&mut modules);
    let Modules { program, calls, expected, .. } = modules;
    let own = Path::new(crate_folder).join("tests/export/own.rs");
    let program = format!("{program}#[path = {own:?}]\nmod own;\n\nfn main() {{\n{calls}}}\n");
    fs::write(folder.join("main.rs"), program).unwrap();
    // Rounded as here.
    let unfused = if cfg!(feature = "unfused") { ", \"unfused\"" } else { "" };
    let manifest = format!(
        r#"
        [package]
        name = "export"
        edition = "2024"
        [workspace]
        [dependencies]
        constgrad = {{ path = {crate_folder:?}, default-features = false, features = ["std"{unfused}] }}
        "#
    );
    fs::write(project.join("Cargo.toml"), manifest).unwrap();
    // The same dependencies, which are there already: nothing is downloaded.
    let _ = fs::copy(Path::new(crate_folder).join("Cargo.lock"), project.join("Cargo.lock"));

    let output = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["run", "--quiet", "--offline"])
        .current_dir(&project)
        .env("CARGO_TARGET_DIR", project.join("target"))
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let found = String::from_utf8(output.stdout).unwrap();
    assert_eq!(found.lines().count(), expected.lines().count());
    for (found, expected) in found.lines().zip(expected.lines()) {
        assert_eq!(found, expected);
    }
}
