//! The baseline in C: `c/baseline.c`.

use std::hint::black_box;

use crate::Contender;
use crate::workload::{Function, Optimizer, Problem, Task};

/// `struct layer`.
#[repr(C)]
struct Layer {
    /// w, b, y, dy, dw, db, mw, mb, vw, vb.
    pointers: [*mut f32; 10],
}

type Predicts = unsafe extern "C" fn(*const Layer, *const f32);
type Steps = unsafe extern "C" fn(*const Layer, *const f32, *const f32, f32, i32) -> f32;
type Applies = unsafe extern "C" fn(*const f32, *mut f32, i32);

unsafe extern "C" {
    fn c_i1(layers: *const Layer, x: *const f32);
    fn c_i2(layers: *const Layer, x: *const f32);
    fn c_i3(layers: *const Layer, x: *const f32);
    fn c_i4(layers: *const Layer, x: *const f32);
    fn c_i5(layers: *const Layer, x: *const f32);
    fn c_ii64(layers: *const Layer, x: *const f32);
    fn c_ii256(layers: *const Layer, x: *const f32);
    fn c_t1(layers: *const Layer, x: *const f32, t: *const f32, lr: f32, steps: i32) -> f32;
    fn c_t2_32(layers: *const Layer, x: *const f32, t: *const f32, lr: f32, steps: i32) -> f32;
    fn c_t2_128(layers: *const Layer, x: *const f32, t: *const f32, lr: f32, steps: i32) -> f32;
    fn c_t3(layers: *const Layer, x: *const f32, t: *const f32, lr: f32, steps: i32) -> f32;
    fn c_t4(layers: *const Layer, x: *const f32, t: *const f32, lr: f32, steps: i32) -> f32;
    fn c_exp(x: *const f32, y: *mut f32, n: i32);
    fn c_tanh(x: *const f32, y: *mut f32, n: i32);
}

#[derive(Clone, Copy)]
enum Call {
    Predict(Predicts),
    Step(Steps, f32, bool),
    Apply(Applies),
}

pub fn enter(problem: &Problem) -> Result<Box<dyn Contender>, String> {
    let step = |function: Steps| match problem.workload.task {
        Task::Train(_, Optimizer::Adam(lr)) => Call::Step(function, lr, true),
        Task::Train(_, Optimizer::Sgd(lr)) => Call::Step(function, lr, false),
        Task::Predict | Task::Apply => unreachable!("no training"),
    };
    let call = match problem.workload.name {
        "I1" => Call::Predict(c_i1),
        "I2" => Call::Predict(c_i2),
        "I3" => Call::Predict(c_i3),
        "I4" => Call::Predict(c_i4),
        "I5" => Call::Predict(c_i5),
        "II 64" => Call::Predict(c_ii64),
        "II 256" => Call::Predict(c_ii256),
        "T1" => step(c_t1),
        "T2 32" => step(c_t2_32),
        "T2 128" => step(c_t2_128),
        "T3" => step(c_t3),
        "T4" => step(c_t4),
        _ if problem.workload.activation == Function::Exp => Call::Apply(c_exp),
        _ => Call::Apply(c_tanh),
    };
    let mut contender = C {
        call,
        problem: problem.clone(),
        memory: Vec::new(),
        layers: Vec::new(),
        steps: 0,
        last: 0.0,
        y: problem.x.clone(),
    };
    contender.reset();
    Ok(Box::new(contender))
}

struct C {
    call: Call,
    problem: Problem,
    /// What the layers point to.
    memory: Vec<[Vec<f32>; 10]>,
    layers: Vec<Layer>,
    steps: i32,
    last: f32,
    /// The result of a function.
    y: Vec<f32>,
}

impl Contender for C {
    fn once(&mut self) {
        let (layers, x) = (black_box(self.layers.as_ptr()), self.problem.x.as_ptr());
        // SAFETY: each layer points to memory of the sizes that the function was compiled for:
        // all of them are the workload's.
        match self.call {
            Call::Predict(predict) => unsafe { predict(layers, x) },
            Call::Step(step, lr, adam) => {
                self.steps += i32::from(adam);
                let targets = self.problem.targets.as_ptr();
                self.last = unsafe { step(layers, x, targets, lr, self.steps) };
            }
            Call::Apply(apply) => unsafe {
                apply(x, self.y.as_mut_ptr(), self.problem.x.len() as i32);
            },
        }
        black_box(&self.y);
    }

    fn reset(&mut self) {
        let batch = self.problem.workload.batch;
        self.steps = 0;
        self.memory = (self.problem.layers.iter())
            .map(|layer| {
                let zeros = |count: usize| vec![0.0; count];
                let (weights, outputs) = (layer.w.len(), layer.outputs);
                let mut w = zeros(weights);
                for (i, &weight) in layer.w.iter().enumerate() {
                    w[i % layer.inputs * outputs + i / layer.inputs] = weight;
                }
                let (y, dy) = (zeros(batch * outputs), zeros(batch * outputs));
                let [dw, mw, vw] = [(); 3].map(|()| zeros(weights));
                let [db, mb, vb] = [(); 3].map(|()| zeros(outputs));
                [w, layer.b.clone(), y, dy, dw, db, mw, mb, vw, vb]
            })
            .collect();
        self.layers = (self.memory.iter_mut())
            .map(|memory| Layer { pointers: memory.each_mut().map(|part| part.as_mut_ptr()) })
            .collect();
    }

    fn numbers(&mut self) -> Vec<f32> {
        match self.call {
            Call::Apply(_) => self.y.clone(),
            Call::Predict(_) => self.memory.last().expect("a layer")[2].clone(),
            Call::Step(..) => {
                let mut numbers = vec![self.last];
                for (layer, [w, b, ..]) in self.problem.layers.iter().zip(&self.memory) {
                    let rows = (0..layer.outputs)
                        .flat_map(|out| w.iter().skip(out).step_by(layer.outputs));
                    numbers.extend(rows);
                    numbers.extend(b);
                }
                numbers
            }
        }
    }
}
