use std::fmt::Debug;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

use constgrad::export::{self, Export};
use constgrad::{Dense, Layer, Relu, net};

use crate::networks::{Each, Number, each_network, inputs};

const FLAGS: &[&str] = &[
    "-std=c99",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-pedantic",
    "-Wconversion",
    "-Wdouble-promotion",
    "-Wshadow",
    "-Wmissing-prototypes",
];

fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("export-c");
    fs::create_dir_all(&folder).unwrap();
    folder
}

#[track_caller]
fn compile(compiler: &str, flags: &[&str], arguments: &[&str]) {
    let output = Command::new(compiler).args(flags).args(arguments).current_dir(folder()).output();
    let output = output.unwrap_or_else(|error| panic!("{compiler} is needed: {error}"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{compiler} {arguments:?}:\n{errors}");
}

/// Writes the headers, and a program that has each of them predict.
#[derive(Default)]
struct Headers {
    includes: String,
    calls: String,
    input: Vec<u8>,
    /// What each network says, and how far the program may be from it.
    expected: Vec<(String, usize, Vec<f64>, f64)>,
}

impl Each for Headers {
    fn network<N, T, const IN: usize, const OUT: usize>(&mut self, name: &str, net: &N)
    where
        N: Layer<Input = [T; IN], Output = [T; OUT]> + Export + Debug,
        T: Number,
    {
        let mut header = String::new();
        export::c_header(net, name, &mut header).unwrap();
        fs::write(folder().join(format!("{name}.h")), header).unwrap();
        self.includes += &format!("#include \"{name}.h\"\n");
        self.calls += &format!("    RUN({}, {name}, {});\n", T::C, name.to_uppercase());
        let mut outputs = Vec::new();
        for x in inputs::<T, IN>() {
            self.input.extend(x.iter().flat_map(|&number| number.bytes()));
            outputs.extend(constgrad::Network::predict(net, &x).map(T::to_f64));
        }
        let most = if size_of::<T>() == 4 { 1e-6 } else { 1e-13 };
        self.expected.push((name.to_string(), size_of::<T>(), outputs, most));
    }
}

#[test]
fn gcc_makes_the_same_predictions() {
    let mut networks = Headers::default();
    each_network(&mut networks);
    let Headers { includes, calls, input, expected } = networks;
    let samples = crate::networks::SAMPLES;
    let program = format!(
        "#include <stdio.h>
{includes}
#define RUN(number, name, NAME) do {{ \\
    number x[NAME##_INPUTS], y[NAME##_OUTPUTS]; \\
    for (int n = 0; n < {samples}; n++) {{ \\
        if (fread(x, sizeof x, 1, stdin) != 1) {{ return 1; }} \\
        name##_predict(x, y); \\
        if (fwrite(y, sizeof y, 1, stdout) != 1) {{ return 1; }} \\
    }} \\
}} while (0)

int main(void)
{{
{calls}    return 0;
}}
"
    );
    fs::write(folder().join("main.c"), program).unwrap();
    compile("gcc", FLAGS, &["-O2", "main.c", "-o", "main", "-lm"]);

    let mut child = Command::new(folder().join("main"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success());

    let mut rest = &output.stdout[..];
    for (name, size, expected, most) in expected {
        let (bytes, others) = rest.split_at(size * expected.len());
        rest = others;
        let number = |bytes: &[u8]| if size == 4 { f32::of(bytes).into() } else { f64::of(bytes) };
        let found = bytes.chunks(size).map(number);
        let errors = found.zip(&expected).map(|(y, y0)| (y - y0).abs() / y0.abs().max(1.0));
        let largest = errors.fold(0.0, |a: f64, b| if b > a || b.is_nan() { b } else { a });
        println!("{name}: {largest:.1e}");
        assert!(largest <= most, "{name}: {largest:e}");
    }
    assert!(rest.is_empty());
}

#[test]
fn a_header_may_be_included_and_not_used() {
    let net: net![Dense<2, 2, Relu>, Dense<2, 1>] =
        (Dense::new([[1.0, 2.0], [3.0, 4.0]], [0.0, 0.5]), Dense::new([[1.0, -1.0]], [0.25]));
    let mut header = String::new();
    export::c_header(&net, "small", &mut header).unwrap();
    assert_eq!(header, include_str!("small.h"));
    fs::write(folder().join("small.h"), header).unwrap();
    let twice = "#include \"small.h\"\n#include \"small.h\"\nextern int nothing;\n";
    fs::write(folder().join("unused.c"), twice).unwrap();
    compile("gcc", FLAGS, &["-fsyntax-only", "unused.c"]);
}
