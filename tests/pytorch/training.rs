//! Twenty steps of each optimizer: the loss of each, and all weights after the first and the last.

use constgrad::{
    Adagrad, Adam, AdamW, Clip, Identity, MeanSquaredError, Optimizer, RmsProp, Sgd, Tanh, Trainer,
};

use crate::passes::{BATCH, network, parameters_close};
use crate::reference::{Number, close, reference};

const STEPS: usize = 20;

fn train<T: Number>(name: &str, optimizer: impl Optimizer, clip: Option<Clip>) {
    let test = reference("trainings").at(name);
    let theirs = test.at(T::NAME);
    let (mut net, x) = network::<Tanh, Identity, T>(test);
    let targets = test.at("targets").matrix::<T, BATCH, 4>();
    let mut trainer = Trainer::<_, _, _, BATCH>::new(MeanSquaredError, optimizer);
    trainer.clip = clip;

    let mut losses = [T::ZERO; STEPS];
    for (before, loss) in losses.iter_mut().enumerate() {
        *loss = trainer.step(&mut net, &x, &targets);
        if before == 0 {
            let what = format!("{name}, after one step");
            parameters_close(&what, &net, theirs.at("after").at("1"));
        }
    }
    close(&format!("{name}, losses"), &losses, theirs.at("losses"));
    parameters_close(&format!("{name}, at the end"), &net, theirs.at("after").at("20"));
}

macro_rules! tests {
    ($($test:ident: $name:literal, $optimizer:expr $(, $clip:expr)?;)*) => {$(
        mod $test {
            use super::*;

            #[test]
            fn f32() {
                train::<f32>($name, $optimizer, None$(.or(Some($clip)))?);
            }
            #[test]
            fn f64() {
                train::<f64>($name, $optimizer, None$(.or(Some($clip)))?);
            }
        }
    )*};
}

const ADAM: Adam =
    Adam { beta1: 0.8, beta2: 0.95, epsilon: 0.01, weight_decay: 0.1, ..Adam::new(0.05) };
const ADAM_W: AdamW =
    AdamW { beta1: 0.8, beta2: 0.95, epsilon: 0.01, weight_decay: 0.5, ..AdamW::new(0.05) };
const RMS_PROP: RmsProp =
    RmsProp { alpha: 0.8, epsilon: 0.01, weight_decay: 0.1, ..RmsProp::new(0.02) };

tests! {
    sgd: "Sgd", Sgd::new(0.2);
    sgd_decay: "Sgd, decay", Sgd::new(0.2).weight_decay(0.1);
    sgd_momentum: "Sgd, momentum", Sgd::new(0.05).momentum(0.9);
    sgd_momentum_decay: "Sgd, momentum, decay", Sgd::new(0.05).momentum(0.8).weight_decay(0.1);
    sgd_nesterov: "Sgd, nesterov", Sgd::new(0.05).nesterov(0.9);
    sgd_nesterov_decay: "Sgd, nesterov, decay", Sgd::new(0.05).nesterov(0.8).weight_decay(0.1);
    adam: "Adam", Adam::new(0.05);
    adam_decay: "Adam, decay", Adam { weight_decay: 0.1, ..Adam::new(0.05) };
    adam_all: "Adam, all", ADAM;
    adam_w: "AdamW", AdamW::new(0.05);
    adam_w_all: "AdamW, all", ADAM_W;
    rms_prop: "RmsProp", RmsProp::new(0.01);
    rms_prop_decay: "RmsProp, decay", RmsProp { weight_decay: 0.1, ..RmsProp::new(0.01) };
    rms_prop_all: "RmsProp, all", RMS_PROP;
    adagrad: "Adagrad", Adagrad::new(0.1);
    adagrad_all: "Adagrad, all", Adagrad { epsilon: 0.05, weight_decay: 0.1, ..Adagrad::new(0.1) };
    clip_norm: "Sgd, clip norm", Sgd::new(0.2), Clip::Norm(0.5);
    clip_value: "Sgd, clip value", Sgd::new(0.2), Clip::Value(0.05);
    adam_clip_norm: "Adam, clip norm", Adam::new(0.05), Clip::Norm(0.5);
}
