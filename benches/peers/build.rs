//! Compiles the baseline in C, for this machine and with loose arithmetic.

fn main() {
    println!("cargo::rerun-if-changed=c/baseline.c");
    let mut build = cc::Build::new();
    build.compiler("gcc").opt_level(3).file("c/baseline.c");
    build.flag("-march=native").flag("-ffast-math").compile("baseline");
    // The vectorised functions of glibc, which gcc calls for expf and tanhf.
    println!("cargo::rustc-link-lib=mvec");
    println!("cargo::rustc-link-lib=m");
}
