//! The workloads by criterion, for constgrad and its peers in one run, each checked first.
//!
//! `cargo bench --manifest-path benches/peers/Cargo.toml [-- FILTER]`

use criterion::Criterion;

use peers::workload::{Problem, WORKLOADS};
use peers::{peers as all, reference, single};

fn main() {
    single::thread().expect("this program started again with one thread");
    let mut criterion = Criterion::default().configure_from_args();
    for workload in WORKLOADS {
        let problem = Problem::new(workload);
        let mut group = criterion.benchmark_group(workload.name);
        for peer in all::all() {
            let Ok(mut contender) = (peer.enter)(&problem) else { continue };
            if let Err(error) = reference::check(&problem, &mut *contender) {
                panic!("{}: {}: {error}", workload.name, peer.name);
            }
            group.bench_function(peer.name, |bencher| {
                bencher.iter_custom(|count| {
                    contender.reset();
                    contender.time(count)
                });
            });
        }
        group.finish();
    }
    criterion.final_summary();
}
