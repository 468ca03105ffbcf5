//! Links for the chip that the target stands for: `memory/<target>/memory.x`.

use std::env;
use std::path::Path;

fn main() {
    let target = env::var("TARGET").expect("Cargo sets TARGET");
    let memory = Path::new("memory").join(&target);
    let memory = memory.canonicalize().unwrap_or_else(|_| {
        panic!("no chip is chosen for {target}: write examples/firmware/memory/{target}/memory.x")
    });
    println!("cargo::rerun-if-changed={}", memory.display());
    println!("cargo::rustc-link-search={}", memory.display());
    println!("cargo::rustc-link-arg=-Tlink.x");
}
