//! Compiles the baseline in C, and the peers in C++ whose sources there are: for this machine, and
//! with loose arithmetic.

use std::path::PathBuf;
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-changed=c");
    println!("cargo::rerun-if-env-changed=PEERS_SOURCES");
    let mut build = cc::Build::new();
    build.compiler("gcc").opt_level(3).file("c/baseline.c");
    build.flag("-march=native").flag("-ffast-math").compile("baseline");
    // The vectorised functions of glibc, which gcc calls for expf and tanhf.
    println!("cargo::rustc-link-lib=mvec");
    println!("cargo::rustc-link-lib=m");

    let sources = env::var_os("PEERS_SOURCES").map(PathBuf::from);
    if let Some(sources) = &sources {
        // Its time changes when something is fetched.
        println!("cargo::rerun-if-changed={}", sources.display());
    }
    // The folder of what is called so, if it was fetched; then the cfg of this name is set.
    let fetched = |name: &str| {
        println!("cargo::rustc-check-cfg=cfg({name})");
        let folder = sources.as_ref()?.join(name);
        let there = folder.is_dir();
        if there {
            println!("cargo::rustc-cfg={name}");
        }
        there.then_some(folder)
    };

    if let Some(folder) = fetched("rtneural") {
        let modules = folder.join("modules");
        // The backends share all names but those in the namespace.
        let backend = |name: &str| {
            let mut build = cpp();
            build.file("c/rtneural.cpp").include(&folder).include(modules.join("json"));
            build.define("NAME", &*format!("rtneural_{name}"));
            build.define("RTNEURAL_NAMESPACE", &*format!("rtneural_with_{name}"));
            build.define("RTNEURAL_DEFAULT_ALIGNMENT", "32");
            build
        };
        // Its own build goes no further than AVX2, and most of the five networks are slower with
        // vectors of 16, which its sizes are filled up to.
        backend("xsimd")
            .define("RTNEURAL_USE_XSIMD", "1")
            .include(modules.join("xsimd/include"))
            .flag("-mno-avx512f")
            .compile("rtneural_xsimd");
        backend("eigen")
            .define("RTNEURAL_USE_EIGEN", "1")
            // 784 by 128 are more than Eigen wants to see on a stack, where they are not.
            .define("EIGEN_STACK_ALLOCATION_LIMIT", "0")
            .include(modules.join("Eigen"))
            .compile("rtneural_eigen");
    }

    let mkl = fetched("mkl").and_then(|folder| {
        // The version is in the name of the folder, and in that of the library.
        let mut entries = fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path());
        let libraries = entries.find(|path| path.extension().is_some_and(|end| end == "data"))?;
        let mut libraries = fs::read_dir(libraries.join("data/lib")).ok()?.flatten();
        let rt = libraries.find(|file| file.file_name().to_string_lossy().contains("mkl_rt.so"))?;
        Some(rt.path())
    });
    println!("cargo::rustc-check-cfg=cfg(rltools_mkl)");
    if let Some(folder) = fetched("rltools") {
        let backend = || {
            let mut build = cpp();
            build.file("c/rltools.cpp");
            build.include(folder.join("rltools/external/rl_tools/include"));
            build
        };
        // A namespace: both backends have the same names.
        backend().define("rl_tools", "rltools_with_loops").compile("rltools");
        if let Some(library) = mkl {
            println!("cargo::rustc-cfg=rltools_mkl");
            backend()
                .define("rl_tools", "rltools_with_mkl")
                .define("RL_TOOLS_BACKEND_ENABLE_MKL", None)
                .define("MKL", &*format!("{:?}", library.display().to_string()))
                .include("c/mkl")
                .compile("rltools_mkl");
        }
    }
}

/// Of the peers in C++.
fn cpp() -> cc::Build {
    let mut build = cc::Build::new();
    build.cpp(true).compiler("g++").std("c++17").opt_level(3);
    // -w: the headers are others'.
    build.flag("-w").flag("-march=native").flag("-ffast-math");
    build
}
