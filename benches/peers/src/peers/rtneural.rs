//! RTNeural, whose networks are types: `c/rtneural.cpp`, with either backend.

use std::ffi::c_void;
use std::slice;

use super::absent;
use crate::Contender;
use crate::workload::{Problem, Task};

/// `struct Network`.
#[repr(C)]
struct Network {
    held: *mut c_void,
    predict: unsafe extern "C" fn(*mut c_void),
    release: unsafe extern "C" fn(*mut c_void),
    y: *const f32,
}

type Makes = unsafe extern "C" fn(*const *const f32, *const f32) -> Network;

unsafe extern "C" {
    fn rtneural_xsimd_i1(parameters: *const *const f32, x: *const f32) -> Network;
    fn rtneural_xsimd_i2(parameters: *const *const f32, x: *const f32) -> Network;
    fn rtneural_xsimd_i3(parameters: *const *const f32, x: *const f32) -> Network;
    fn rtneural_xsimd_i4(parameters: *const *const f32, x: *const f32) -> Network;
    fn rtneural_xsimd_i5(parameters: *const *const f32, x: *const f32) -> Network;
    fn rtneural_eigen_i1(parameters: *const *const f32, x: *const f32) -> Network;
    fn rtneural_eigen_i2(parameters: *const *const f32, x: *const f32) -> Network;
    fn rtneural_eigen_i3(parameters: *const *const f32, x: *const f32) -> Network;
    fn rtneural_eigen_i4(parameters: *const *const f32, x: *const f32) -> Network;
    fn rtneural_eigen_i5(parameters: *const *const f32, x: *const f32) -> Network;
}

pub fn xsimd(problem: &Problem) -> Result<Box<dyn Contender>, String> {
    let all = [
        rtneural_xsimd_i1,
        rtneural_xsimd_i2,
        rtneural_xsimd_i3,
        rtneural_xsimd_i4,
        rtneural_xsimd_i5,
    ];
    enter(problem, all)
}

pub fn eigen(problem: &Problem) -> Result<Box<dyn Contender>, String> {
    let all = [
        rtneural_eigen_i1,
        rtneural_eigen_i2,
        rtneural_eigen_i3,
        rtneural_eigen_i4,
        rtneural_eigen_i5,
    ];
    enter(problem, all)
}

fn enter(problem: &Problem, all: [Makes; 5]) -> Result<Box<dyn Contender>, String> {
    let make = match (problem.workload.name, problem.workload.task) {
        ("I1", _) => all[0],
        ("I2", _) => all[1],
        ("I3", _) => all[2],
        ("I4", _) => all[3],
        ("I5", _) => all[4],
        (_, Task::Predict) => return absent("one sample at a time"),
        (_, Task::Train(..)) => return absent("predicts only"),
        (_, Task::Apply) => return absent("its functions are timed within networks"),
    };
    let layers = problem.layers.iter();
    let parameters: Vec<_> =
        layers.flat_map(|layer| [layer.w.as_ptr(), layer.b.as_ptr()]).collect();
    // SAFETY: the function is that of this workload, whose sizes it was compiled for; it copies
    // what it is given.
    let network = unsafe { make(parameters.as_ptr(), problem.x.as_ptr()) };
    Ok(Box::new(Rtneural { network, outputs: problem.workload.outputs() }))
}

struct Rtneural {
    network: Network,
    outputs: usize,
}

impl Contender for Rtneural {
    fn once(&mut self) {
        // SAFETY: `held` is what `predict` was made with, and lives until it is dropped.
        unsafe { (self.network.predict)(self.network.held) }
    }

    fn numbers(&mut self) -> Vec<f32> {
        // SAFETY: `y` points to the outputs within `held`, which nobody writes to meanwhile.
        unsafe { slice::from_raw_parts(self.network.y, self.outputs) }.to_vec()
    }
}

impl Drop for Rtneural {
    fn drop(&mut self) {
        // SAFETY: made by the same function, and released only here.
        unsafe { (self.network.release)(self.network.held) }
    }
}
