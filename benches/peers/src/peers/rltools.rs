//! RLtools, whose networks are types: `c/rltools.cpp`, with loops of its own or with MKL.

use std::hint::black_box;
use std::slice;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::absent;
use crate::Contender;
use crate::workload::{Problem, Task};

/// `struct Network`.
#[repr(C)]
struct Network {
    reset: unsafe extern "C" fn(parameters: *const *const f32),
    once: unsafe extern "C" fn() -> f32,
    /// Of training.
    read: Option<unsafe extern "C" fn(parameters: *const *mut f32)>,
    /// Of a prediction.
    y: *const f32,
}

type Makes = unsafe extern "C" fn(x: *const f32, target: *const f32) -> Network;

unsafe extern "C" {
    fn rltools_i1(x: *const f32, target: *const f32) -> Network;
    fn rltools_i2(x: *const f32, target: *const f32) -> Network;
    fn rltools_i3(x: *const f32, target: *const f32) -> Network;
    fn rltools_i4(x: *const f32, target: *const f32) -> Network;
    fn rltools_t3(x: *const f32, target: *const f32) -> Network;
}

/// Of a workload that is quicker with MKL, once that is loaded.
#[cfg(rltools_mkl)]
fn with_mkl(workload: &str) -> Result<Makes, String> {
    unsafe extern "C" {
        safe fn rltools_mkl_load() -> bool;
        fn rltools_i5(x: *const f32, target: *const f32) -> Network;
        fn rltools_ii64(x: *const f32, target: *const f32) -> Network;
        fn rltools_ii256(x: *const f32, target: *const f32) -> Network;
        fn rltools_t1(x: *const f32, target: *const f32) -> Network;
        fn rltools_t2_32(x: *const f32, target: *const f32) -> Network;
        fn rltools_t2_128(x: *const f32, target: *const f32) -> Network;
        fn rltools_t4(x: *const f32, target: *const f32) -> Network;
    }
    let make: Makes = match workload {
        "I5" => rltools_i5,
        "II 64" => rltools_ii64,
        "II 256" => rltools_ii256,
        "T1" => rltools_t1,
        "T2 32" => rltools_t2_32,
        "T2 128" => rltools_t2_128,
        "T4" => rltools_t4,
        _ => return absent("no such workload"),
    };
    if rltools_mkl_load() { Ok(make) } else { absent("MKL cannot be loaded") }
}

#[cfg(not(rltools_mkl))]
fn with_mkl(_: &str) -> Result<Makes, String> {
    absent("MKL is not fetched: see run")
}

/// The workloads whose network is in use: there is one of each, for its memory is static.
fn taken() -> MutexGuard<'static, Vec<&'static str>> {
    static TAKEN: Mutex<Vec<&str>> = Mutex::new(Vec::new());
    TAKEN.lock().unwrap_or_else(PoisonError::into_inner)
}

pub fn enter(problem: &Problem) -> Result<Box<dyn Contender>, String> {
    let name = problem.workload.name;
    let make: Makes = match name {
        "I1" => rltools_i1,
        "I2" => rltools_i2,
        "I3" => rltools_i3,
        "I4" => rltools_i4,
        "T3" => rltools_t3,
        _ if problem.workload.task == Task::Apply => {
            return absent("its functions are timed within networks");
        }
        _ => with_mkl(name)?,
    };
    let mut taken = taken();
    if taken.contains(&name) {
        return absent("one at a time");
    }
    taken.push(name);
    drop(taken);
    // SAFETY: the function is that of this workload, whose sizes it was compiled for; it copies
    // what it is given, into memory that is nobody else's now.
    let network = unsafe { make(problem.x.as_ptr(), problem.targets.as_ptr()) };
    let mut contender = Rltools { network, problem: problem.clone(), last: 0.0 };
    contender.reset();
    Ok(Box::new(contender))
}

struct Rltools {
    network: Network,
    problem: Problem,
    last: f32,
}

impl Contender for Rltools {
    fn once(&mut self) {
        // SAFETY: the network is set up, and ours alone.
        self.last = black_box(unsafe { (self.network.once)() });
    }

    fn reset(&mut self) {
        let layers = self.problem.layers.iter();
        let parameters: Vec<_> =
            layers.flat_map(|layer| [layer.w.as_ptr(), layer.b.as_ptr()]).collect();
        // SAFETY: the parameters have the sizes of this workload, and the network is ours alone.
        unsafe { (self.network.reset)(parameters.as_ptr()) }
    }

    fn numbers(&mut self) -> Vec<f32> {
        let workload = self.problem.workload;
        let Some(read) = self.network.read else {
            assert!(workload.task == Task::Predict, "only a prediction has nothing to read");
            let outputs = workload.batch * workload.outputs();
            // SAFETY: that many outputs are there, and nobody writes to them meanwhile.
            return unsafe { slice::from_raw_parts(self.network.y, outputs) }.to_vec();
        };
        let mut parts: Vec<_> = (self.problem.layers.iter())
            .flat_map(|layer| [vec![0.0; layer.w.len()], vec![0.0; layer.b.len()]])
            .collect();
        let parameters: Vec<_> = parts.iter_mut().map(|part| part.as_mut_ptr()).collect();
        // SAFETY: there is room for the parameters of this workload.
        unsafe { read(parameters.as_ptr()) }
        [self.last].into_iter().chain(parts.into_iter().flatten()).collect()
    }
}

impl Drop for Rltools {
    fn drop(&mut self) {
        taken().retain(|&name| name != self.problem.workload.name);
    }
}
