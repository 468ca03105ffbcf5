//! Does one workload so many times, for `benches/counts` to count its instructions.
//!
//! `cargo bench --bench counts -- "I1 4-16-16-2 tanh" 4`, or without a name to list the names.

mod common;
#[path = "common/elements.rs"]
mod elements;

use std::env;
use std::hint::black_box;
use std::process::ExitCode;

use common::Meter;
use constgrad::kernel::functions;
use constgrad::kernel::rounding::Twice;
#[cfg(target_arch = "x86_64")]
use constgrad::{Level, kernel::rounding::Once};
use elements::{COUNT, many, numbers};

/// Does the workload that is asked for, or lists them.
enum Counter {
    List,
    Work { name: String, times: u32, done: bool },
}

impl Meter for Counter {
    fn measure<W: FnMut() -> R, R>(&mut self, name: &str, begin: impl FnOnce() -> W) {
        match self {
            Counter::List => println!("{name}"),
            Counter::Work { name: wanted, times, done } if wanted == name => {
                let mut work = begin();
                for _ in 0..*times {
                    black_box(work());
                }
                *done = true;
            }
            Counter::Work { .. } => {}
        }
    }
}

/// exp and tanh, compiled for the level that runs: of the levels with functions of their own only
/// the one that valgrind knows.
fn functions(counter: &mut Counter) {
    macro_rules! function {
        ($name:literal, $function:ident) => {
            counter.measure($name, || {
                let (x, mut y) = (numbers(), [0.0; COUNT]);
                move || {
                    #[cfg(target_arch = "x86_64")]
                    if Level::current() == Level::Avx2 {
                        let many: unsafe fn(&_, &mut _) =
                            many!(functions::$function::<Once, f32>, "avx2,fma");
                        // SAFETY: a level runs only where the processor has it.
                        return unsafe { many(black_box(&x), black_box(&mut y)) };
                    }
                    many!(functions::$function::<Twice, f32>)(black_box(&x), black_box(&mut y));
                }
            });
        };
    }
    function!("exp of 1024 numbers", exp);
    function!("tanh of 1024 numbers", tanh);
}

fn main() -> ExitCode {
    // Cargo adds `--bench`.
    let mut words = env::args().skip(1).filter(|word| word != "--bench");
    let mut counter = match (words.next(), words.next().map(|times| times.parse())) {
        (Some(name), Some(Ok(times))) => Counter::Work { name, times, done: false },
        // Filters and options are criterion's, for the other benches.
        _ => Counter::List,
    };
    common::workloads(&mut counter);
    functions(&mut counter);
    match counter {
        Counter::Work { name, done: false, .. } => {
            eprintln!("no workload {name}: without a name they are listed");
            ExitCode::FAILURE
        }
        _ => ExitCode::SUCCESS,
    }
}
