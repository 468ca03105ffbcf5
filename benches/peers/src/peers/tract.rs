//! tract: inference, from a model that is wired as its ONNX reader would.

use std::hint::black_box;

use tract_core::internal::*;
use tract_core::ops::change_axes::wire_with_rank_broadcast;
use tract_core::ops::{einsum::EinSum, math};

use super::absent;
use crate::Contender;
use crate::workload::{Function, Problem, Task};

pub fn enter(problem: &Problem) -> Result<Box<dyn Contender>, String> {
    if problem.workload.task != Task::Predict {
        return absent("predicts only");
    }
    Predict::new(problem)
        .map(|predict| Box::new(predict) as Box<dyn Contender>)
        .map_err(|error| format!("{error:#}"))
}

struct Predict {
    state: TypedSimpleState,
    x: TValue,
    y: Option<TValue>,
}

impl Predict {
    fn new(problem: &Problem) -> TractResult<Self> {
        let workload = problem.workload;
        let mut model = TypedModel::default();
        let mut x = model.add_source("x", f32::fact([workload.batch, workload.inputs()]))?;
        for (d, layer) in problem.layers.iter().enumerate() {
            let w = Tensor::from_shape(&[layer.outputs, layer.inputs], &layer.w)?;
            let w = model.add_const(format!("w{d}"), w)?;
            let b = Tensor::from_shape(&[1, layer.outputs], &layer.b)?;
            let b = model.add_const(format!("b{d}"), b)?;
            let axes = "mk,nk->mn".parse()?;
            let product = EinSum::new(axes, f32::datum_type());
            x = model.wire_node(format!("product{d}"), product, &[x, w])?[0];
            x = wire_with_rank_broadcast(format!("bias{d}"), &mut model, math::add(), &[x, b])?[0];
            if d + 1 == problem.layers.len() {
                break;
            }
            x = if workload.activation == Function::Tanh {
                model.wire_node(format!("tanh{d}"), math::tanh(), &[x])?[0]
            } else {
                let zero = model.add_const(format!("zero{d}"), tensor2(&[[0f32]]))?;
                wire_with_rank_broadcast(format!("relu{d}"), &mut model, math::max(), &[x, zero])?
                    [0]
            };
        }
        model.select_output_outlets(&[x])?;
        let plan = model.into_optimized()?.into_runnable()?;
        let x = Tensor::from_shape(&[workload.batch, workload.inputs()], &problem.x)?;
        Ok(Predict { state: plan.spawn()?, x: x.into_tvalue(), y: None })
    }
}

impl Contender for Predict {
    fn once(&mut self) {
        let mut y = self.state.run(tvec!(black_box(&self.x).clone())).expect("shapes that fit");
        self.y = black_box(y.pop());
    }

    fn numbers(&mut self) -> Vec<f32> {
        let y = self.y.as_ref().expect("a prediction");
        y.view().as_slice::<f32>().expect("f32").to_vec()
    }
}
