//! The feature `serde`, in a format that describes itself and in one that does not.

use std::error::Error;
use std::fmt::Debug;

use constgrad::prelude::*;
use constgrad::schedule::{Constant, Cosine, Exponential, Schedule, Step};
use constgrad::{
    Adagrad, Adam, AdamW, Class, Clip, CrossEntropy, Dense, Gelu, Huber, Init, Layer,
    MeanSquaredError, OnlineSgd, Optimizer, Relu, RmsProp, Sgd, Softmax, Tanh, Trainer, data, net,
};
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

type Net = net![Dense<5, 40, Relu>, Dense<40, 33, Gelu>, Dense<33, 3>];
type Double = (Dense<2, 4, Tanh, f64>, (Dense<4, 4, Softmax, f64>, Dense<4, 1, Relu, f64>));

fn json<T: Serialize + DeserializeOwned>(value: &T) -> T {
    serde_json::from_str(&serde_json::to_string(value).unwrap()).unwrap()
}

fn postcard<T: Serialize + DeserializeOwned>(value: &T) -> T {
    postcard::from_bytes(&postcard::to_stdvec(value).unwrap()).unwrap()
}

fn both<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: T) {
    assert_eq!(json(&value), value);
    assert_eq!(postcard(&value), value);
}

fn drawn<N: Layer>() -> N {
    let mut net = N::ZERO;
    net.init_with(Init::LecunNormal, &mut Xoshiro256PlusPlus::seed_from_u64(5));
    net
}

#[test]
fn networks_come_back_as_they_were() {
    both(drawn::<Net>());
    both(drawn::<Double>());
    let mut layer = Dense::<2, 1>::new([[f32::NAN, -0.0]], [f32::INFINITY]);
    let read = postcard(&layer);
    assert!(read.weight(0, 0).unwrap().is_nan());
    assert!(read.weight(0, 1).unwrap().is_sign_negative());
    // JSON has no such numbers.
    assert!(serde_json::from_str::<Dense<2, 1>>(&serde_json::to_string(&layer).unwrap()).is_err());
    layer.bias_mut()[0] = 0.0;
    assert!(!serde_json::to_string(&layer).unwrap().contains("inf"));
}

#[test]
fn weights_are_written_as_rows() {
    let layer = Dense::<3, 2, Tanh>::new([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [7.0, 8.0]);
    let text = r#"{"weights":[[1.0,2.0,3.0],[4.0,5.0,6.0]],"bias":[7.0,8.0]}"#;
    assert_eq!(serde_json::to_string(&layer).unwrap(), text);
    let other_order = r#"{"bias":[7,8],"weights":[[1,2,3],[4,5,6]]}"#;
    assert_eq!(serde_json::from_str::<Dense<3, 2, Tanh>>(other_order).unwrap(), layer);
    // A compact format has the numbers alone.
    assert_eq!(postcard::to_stdvec(&layer).unwrap().len(), 8 * size_of::<f32>());
}

#[cfg(feature = "alloc")]
#[test]
fn a_network_in_a_box_is_read_without_a_copy_on_the_stack() {
    type Large = net![Dense<784, 400, Relu>, Dense<400, 10>];
    std::thread::Builder::new()
        .stack_size(256 << 10)
        .spawn(|| {
            let mut net = constgrad::boxed!(Large::ZERO);
            net.init(&mut Xoshiro256PlusPlus::seed_from_u64(1));
            let bytes = postcard::to_stdvec(&*net).unwrap();
            let mut read = constgrad::boxed!(Large::ZERO);
            let mut reader = postcard::Deserializer::from_bytes(&bytes);
            Deserialize::deserialize_in_place(&mut reader, &mut *read).unwrap();
            assert!(read == net);
        })
        .unwrap()
        .join()
        .unwrap();
}

#[test]
fn a_trainer_comes_back() {
    let trainer = begin(Adam::new(0.1)).1;
    let read = std::thread::Builder::new().stack_size(8 << 20).spawn(move || {
        let text = serde_json::to_string(&trainer).unwrap();
        let read: Trainer<Net, CrossEntropy, Adam, 16> = serde_json::from_str(&text).unwrap();
        assert_eq!(read.loss, trainer.loss);
        assert_eq!((read.optimizer, read.clip), (trainer.optimizer, trainer.clip));
        assert!(read.state() == trainer.state());
        assert!(text.starts_with(r#"{"loss":{"label_smoothing":0.1},"optimizer":{"lr":0.1,"#));
    });
    read.unwrap().join().unwrap();
}

#[test]
fn what_does_not_fit_is_named() {
    let error = |text: &str| serde_json::from_str::<Dense<3, 2>>(text).unwrap_err().to_string();
    for (text, expected) in [
        (r#"{"weights":[[1,2,3]],"bias":[7,8]}"#, "invalid length 1, expected 2 rows of weights"),
        (r#"{"weights":[[1,2,3],[4,5]],"bias":[7,8]}"#, "invalid length 2, expected 3 numbers"),
        (r#"{"weights":[[1,2,3],[4,5,6,7]],"bias":[7,8]}"#, "invalid length 4, expected 3 numbers"),
        (r#"{"weights":[[1,2,3],[4,5,6]],"bias":[7,8,9]}"#, "invalid length 3, expected 2 numbers"),
        (r#"{"weights":[[1,2,3],[4,5,6]]}"#, "missing field `bias`"),
        (r#"{"bias":[1,2],"bias":[1,2]}"#, "duplicate field `bias`"),
        (r#"{"wieghts":[]}"#, "unknown field `wieghts`, expected `weights` or `bias`"),
        (r#"{}"#, "missing field `weights`"),
        (r#"{"weights":[[1,2,null]]}"#, "invalid type: null, expected f32"),
        (r#"7"#, "invalid type: integer `7`, expected a dense layer: weights and bias"),
    ] {
        let error = error(text);
        assert!(error.starts_with(expected), "{error}");
    }
    let bytes = postcard::to_stdvec(&drawn::<Dense<3, 2>>()).unwrap();
    assert!(postcard::from_bytes::<Dense<3, 3>>(&bytes).is_err());
    let error = serde_json::from_str::<Class<10>>("10").unwrap_err().to_string();
    assert!(error.starts_with("class 10 found, 0 to 9 expected"), "{error}");
}

#[test]
fn the_settings_of_a_training_come_back() {
    both(Sgd::new(0.1));
    both(Sgd::new(0.1).nesterov(0.9).weight_decay(1e-4));
    both(Adam::new(0.1));
    both(AdamW::new(0.1));
    both(RmsProp::new(0.1));
    both(Adagrad::new(0.1));
    both([Some(Clip::Value(0.1)), Some(Clip::Norm(0.2)), None]);
    both(Constant { lr: 0.1 });
    both(Step { lr: 0.1, every: 3, gamma: 0.5 });
    both(Exponential { lr: 0.1, gamma: 0.7 });
    both(Cosine { lr: 0.1, warm_up: 5, steps: 50, end: 0.01 });
    both(Huber::new(0.5));
    both(MeanSquaredError);
    both(Init::HeUniform);
    both(Class::<10>::new(9).unwrap());
    let online = OnlineSgd::<Net, _>::new(Huber::new(0.25), 0.125);
    assert_eq!((json(&online).lr, postcard(&online).loss.delta), (0.125, 0.25));
}

/// All that a training is, between two epochs.
type Training<O> = (Net, Trainer<Net, CrossEntropy, O, 16>, Cosine, u32, Xoshiro256PlusPlus);

fn begin<O: Optimizer>(optimizer: O) -> Training<O> {
    let mut trainer = Trainer::new(CrossEntropy { label_smoothing: 0.1 }, optimizer);
    trainer.clip = Some(Clip::Norm(0.5));
    let schedule = Cosine { lr: 0.01, warm_up: 2, steps: 6, end: 1e-4 };
    (drawn(), trainer, schedule, 0, Xoshiro256PlusPlus::seed_from_u64(9))
}

/// One epoch, of 50 samples: its last batch is shorter.
fn epoch<O: Optimizer>(training: &mut Training<O>, set_rate: fn(&mut O, f64)) {
    let (net, trainer, schedule, epoch, rng) = training;
    let mut numbers = Xoshiro256PlusPlus::seed_from_u64(2);
    let mut inputs: Vec<[f32; 5]> = (0..50).map(|_| numbers.random()).collect();
    let label = |x: &[f32; 5]| Class::largest(&[x[0], x[1] * x[2] + 0.2, x[3] - x[4] + 0.3]);
    let mut labels: Vec<Class<3>> = inputs.iter().map(label).collect();
    data::shuffle(&mut inputs, &mut labels, rng).unwrap();
    set_rate(&mut trainer.optimizer, schedule.at(*epoch));
    trainer.epoch(net, &inputs, &labels).unwrap();
    *epoch += 1;
}

/// Reads what JSON and postcard made of one training over another, of other numbers.
fn resumes<O>(optimizer: O, set_rate: fn(&mut O, f64)) -> Result<(), Box<dyn Error>>
where
    O: Optimizer<State<Net>: Serialize + DeserializeOwned> + Serialize + DeserializeOwned + Copy,
{
    let mut training = begin(optimizer);
    let other = || {
        let mut other = begin(optimizer);
        (other.1.clip, other.1.loss.label_smoothing) = (None, 0.0);
        (other.2.lr, other.3, other.4) = (0.3, 7, Xoshiro256PlusPlus::seed_from_u64(1));
        other
    };
    let (mut from_json, mut from_postcard) = (other(), other());
    for round in 0..6 {
        let text = serde_json::to_string(&training)?;
        let reader = &mut serde_json::Deserializer::from_str(&text);
        Deserialize::deserialize_in_place(reader, &mut from_json)?;
        let bytes = postcard::to_stdvec(&training)?;
        let reader = &mut postcard::Deserializer::from_bytes(&bytes);
        Deserialize::deserialize_in_place(reader, &mut from_postcard)?;

        for training in [&mut training, &mut from_json, &mut from_postcard] {
            epoch(training, set_rate);
        }
        let bytes = postcard::to_stdvec(&training)?;
        assert!(postcard::to_stdvec(&from_json)? == bytes, "JSON, epoch {round}");
        assert!(postcard::to_stdvec(&from_postcard)? == bytes, "postcard, epoch {round}");
    }
    assert!(training.0 != begin(optimizer).0);
    Ok(())
}

#[test]
fn a_training_resumes_to_the_same_bits() -> Result<(), Box<dyn Error>> {
    resumes(Sgd::new(0.0), |sgd, lr| sgd.lr = lr)?;
    resumes(Sgd::new(0.0).momentum(0.9), |sgd, lr| sgd.lr = lr)?;
    resumes(Adam::new(0.0), |adam, lr| adam.lr = lr)?;
    resumes(AdamW::new(0.0), |adam, lr| adam.lr = lr)?;
    resumes(RmsProp::new(0.0), |rms_prop, lr| rms_prop.lr = lr)?;
    resumes(Adagrad::new(0.0), |adagrad, lr| adagrad.lr = lr)
}
