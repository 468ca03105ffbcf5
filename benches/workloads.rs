//! The time of each workload of `common`.
//!
//! `cargo bench --bench workloads`

mod common;

use common::Meter;
use criterion::{Criterion, criterion_group, criterion_main};

struct Clock<'a>(&'a mut Criterion);

impl Meter for Clock<'_> {
    fn measure<W: FnMut() -> R, R>(&mut self, name: &str, begin: impl FnOnce() -> W) {
        let mut work = begin();
        self.0.bench_function(name, |b| b.iter(&mut work));
    }
}

fn workloads(c: &mut Criterion) {
    common::workloads(&mut Clock(c));
}

criterion_group!(benches, workloads);
criterion_main!(benches);
