//! How cost grows: with the batch, the depth, the width, and the size: every size from 1 to 130 for a
//! prediction, and half of them for a step.
//!
//! Processor times; those of one panel are taken in turns, and the median of all rounds counts. By
//! depth and by size they are medians over several places in memory too: deep networks are as large
//! as the second cache, where it matters which pages they are in; and in a small one a load waits for
//! a store to the same place of another page.

use std::error::Error;
use std::fmt::Write as _;
use std::hint::black_box;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;
use std::{env, fs};

use constgrad::prelude::*;
use constgrad::{
    Class, CrossEntropy, Dense, Layer, MeanSquaredError, Relu, Sgd, Tape, Trainer, net,
};
use peers::clock;
use peers::plot::{Axes, Curve, curves};
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;

const ROUNDS: usize = 15;
const TURN: Duration = Duration::from_millis(1);
const PLACES: usize = 7;

type Net = net![Dense<64, 32, Relu>, Dense<32, 10>];

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let out = PathBuf::from(env::args_os().nth(1).ok_or("the folder to write to is expected")?);
    fs::create_dir_all(&out)?;
    let mut csv = String::from("panel,curve,x,median_ns\n");
    let axes = |title: &str, x, y, logarithmic| Axes { title: title.into(), x, y, logarithmic };

    let batches = measure(&mut batches());
    let depths = [
        (16, measure_elsewhere(deep::<16>)),
        (32, measure_elsewhere(deep::<32>)),
        (64, measure_elsewhere(deep::<64>)),
        (128, measure_elsewhere(deep::<128>)),
    ];
    let widths = measure(&mut widths());
    let sizes = measure_elsewhere(sizes);
    let mut panels =
        vec![("batch".into(), &batches), ("width".into(), &widths), ("size".into(), &sizes)];
    panels.extend(
        depths.iter().map(|(samples, curves)| (format!("depth of {samples} samples"), curves)),
    );
    for (panel, curves) in panels {
        for (curve, points) in curves {
            for (x, time) in points {
                writeln!(csv, "{panel},{curve},{x},{time:.2}")?;
            }
        }
    }
    fs::write(out.join("growth.csv"), csv)?;

    let mut judgement = String::new();
    for (samples, curves) in &depths {
        writeln!(judgement, "{}", judge(*samples, curves)?)?;
    }
    println!("{judgement}");
    fs::write(out.join("growth.md"), judgement)?;
    let panels = [
        (
            axes("64-32-10 relu, against the batch", "samples at once", "ns a sample", true),
            per_x(&batches),
        ),
        (
            axes(
                "32-32 relu of 16 and 64 samples, against the depth",
                "layers",
                "ns a layer",
                true,
            ),
            [&depths[0], &depths[2]]
                .into_iter()
                .flat_map(|(samples, curves)| {
                    per_x(curves)
                        .into_iter()
                        .map(move |(pass, points)| (format!("{pass}, {samples}"), points))
                })
                .collect(),
        ),
        (axes("one layer N-N relu, against the width", "N", "ns", true), widths),
    ];
    curves(&out.join("growth.svg"), &panels)?;
    let (predict, step): (Vec<_>, Vec<_>) =
        sizes.into_iter().partition(|(name, _)| name == "predict");
    let panels = [
        (
            axes("predict: one layer N-N relu, every N, one after the other", "N", "ns", false),
            predict,
        ),
        (axes("step: the same, mean squared error, SGD, 16 samples", "N", "ns", false), step),
    ];
    curves(&out.join("sizes.svg"), &panels)?;
    Ok(())
}

/// Time by x.
fn per_x(curves: &[Curve]) -> Vec<Curve> {
    let each = |(name, points): &Curve| {
        (name.clone(), points.iter().map(|&(x, time)| (x, time / x)).collect())
    };
    curves.iter().map(each).collect()
}

/// How the time of a pass grows with depth, and what backward costs beside forward, for so many
/// samples.
fn judge(samples: usize, curves: &[Curve]) -> Result<String, Box<dyn Error>> {
    let points = |name: &str| {
        let curve = curves.iter().find(|curve| curve.0 == name);
        curve.map(|curve| &curve.1).ok_or_else(|| format!("no curve {name}"))
    };
    let (forward, backward) = (points("forward")?, points("backward")?);
    let mut text = format!(
        "| layers of 32-32 relu, {samples} samples | forward, ns a layer | backward, ns a layer | ratio |\n|---|---|---|---|\n"
    );
    let mut most: f64 = 0.0;
    for (&(depth, f), &(_, b)) in forward.iter().zip(backward) {
        most = most.max(b / f);
        writeln!(text, "| {depth} | {:.0} | {:.0} | {:.2} |", f / depth, b / depth, b / f)?;
    }
    let met = if most <= 2.2 { "met" } else { "missed" };
    writeln!(text, "\nBackward is at most {most:.2} times forward; the goal of 2.2 is {met}.")?;
    Ok(text)
}

/// Something to time: curve, x, and the work, done so many times.
type Work = (&'static str, usize, Box<dyn FnMut(u64) -> Duration>);

fn work(name: &'static str, x: usize, mut once: impl FnMut() + 'static) -> Work {
    loop_of(name, x, move |count| {
        for _ in 0..count {
            once();
        }
    })
}

/// The same where `run` has the loop.
fn loop_of(name: &'static str, x: usize, mut run: impl FnMut(u64) + 'static) -> Work {
    let times = move |count| {
        // So that what the others have put out of the cache is back.
        run(1);
        let start = clock::now();
        run(count);
        clock::now() - start
    };
    (name, x, Box::new(times))
}

/// The medians in nanoseconds, as curves.
fn measure(works: &mut [Work]) -> Vec<Curve> {
    let counts: Vec<u64> = (works.iter_mut())
        .map(|(_, _, times)| {
            let mut count = 1;
            while times(count) < TURN / 2 {
                count *= 2;
            }
            count
        })
        .collect();
    let mut taken = vec![Vec::new(); works.len()];
    for _ in 0..ROUNDS {
        for (((_, _, times), &count), taken) in works.iter_mut().zip(&counts).zip(&mut taken) {
            taken.push(times(count).as_nanos() as f64 / count as f64);
        }
    }
    let mut curves: Vec<Curve> = Vec::new();
    for ((name, x, _), taken) in works.iter().zip(taken) {
        let point = (*x as f64, median(taken));
        match curves.iter_mut().find(|curve| curve.0 == *name) {
            Some(curve) => curve.1.push(point),
            None => curves.push(((*name).into(), vec![point])),
        }
    }
    curves
}

/// The medians over several places in memory.
fn measure_elsewhere(works: impl Fn() -> Vec<Work>) -> Vec<Curve> {
    // All are kept, so that each has a place of its own.
    let mut places: Vec<_> = (0..PLACES).map(|_| works()).collect();
    let measured: Vec<_> = places.iter_mut().map(|works| measure(works)).collect();
    let mut curves = measured[0].clone();
    for (c, (_, points)) in curves.iter_mut().enumerate() {
        for (p, (_, time)) in points.iter_mut().enumerate() {
            *time = median(measured.iter().map(|curves| curves[c].1[p].1).collect());
        }
    }
    curves
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn rng() -> Xoshiro256PlusPlus {
    Xoshiro256PlusPlus::seed_from_u64(1)
}

fn network<N: Layer>() -> Box<N> {
    let mut net = Box::new(N::ZERO);
    net.init(&mut rng());
    net
}

/// Numbers in −1..1 that are neither equal nor special.
fn samples<const N: usize>(count: usize) -> Vec<[f32; N]> {
    (0..count)
        .map(|i| std::array::from_fn(|k| ((i * 7 + k * 13) % 17) as f32 / 8.5 - 1.0))
        .collect()
}

fn batches() -> Vec<Work> {
    let mut works = Vec::new();
    for count in (0..10).map(|power| 1 << power) {
        let (net, x, mut y) = (network::<Net>(), samples::<64>(count), vec![[0.0; 10]; count]);
        works.push(work("predict_batch", count, move || {
            net.predict_batch(black_box(&x), black_box(&mut y)).expect("equal lengths");
        }));
    }
    macro_rules! steps {
        ($($batch:literal)+) => {$({
            let mut net = network::<Net>();
            let mut trainer = Box::new(Trainer::<Net, _, _, $batch>::new(CrossEntropy::new(), Sgd::new(1e-3)));
            let x: Box<[[f32; 64]; $batch]> = samples::<64>($batch).try_into().expect("a batch");
            let t = [(); $batch].map(|()| Class::new(3).expect("below 10"));
            works.push(work("step", $batch, move || {
                black_box(trainer.step(&mut net, black_box(&x), &t));
            }));
        })+};
    }
    steps!(1 2 4 8 16 32 64 128 256 512);
    works
}

type Layers1 = Dense<32, 32, Relu>;
type Layers2 = (Layers1, Layers1);
type Layers4 = (Layers2, Layers2);
type Layers8 = (Layers4, Layers4);
type Layers16 = (Layers8, Layers8);
type Layers32 = (Layers16, Layers16);
type Layers64 = (Layers32, Layers32);

/// Forward and backward of layers of 32-32 relu, with `S` samples.
fn deep<const S: usize>() -> Vec<Work> {
    let mut works = Vec::new();
    macro_rules! depths {
        ($($depth:literal $net:ty),+) => {$({
            let (net, x) = (network::<$net>(), samples::<32>(S));
            let mut tape = Box::new(Tape::<$net, S>::ZERO);
            works.push(work("forward", $depth, move || {
                let x = black_box(&x).as_array().expect("as many samples");
                black_box(tape.forward(&net, x));
            }));
        })+
        $({
            let (net, x) = (network::<$net>(), samples::<32>(S));
            let mut tape = Box::new(Tape::<$net, S>::ZERO);
            let mut gradient = Box::new(<$net>::ZERO);
            let g = [[0.1; 32]; S];
            tape.forward(&net, x.as_array().expect("as many samples"));
            works.push(work("backward", $depth, move || {
                let x = black_box(&x).as_array().expect("as many samples");
                tape.backward(&net, x, black_box(&g), &mut gradient);
                black_box(&mut gradient);
            }));
        })+};
    }
    depths!(1 Layers1, 2 Layers2, 4 Layers4, 8 Layers8, 16 Layers16, 32 Layers32, 64 Layers64);
    works
}

/// One layer `N` → `N`: a prediction, or a step.
fn square<const N: usize>(works: &mut Vec<Work>, step: bool) {
    if !step {
        let (net, x) = (network::<Dense<N, N, Relu>>(), samples::<N>(2));
        works.push(loop_of("predict", N, move |count| {
            // Each waits for the one before, which says where the next input is. Else the processor
            // begins a few together or does not, by where stack and weights lie.
            let (net, mut next) = (&*net, 0);
            for _ in 0..count {
                let y = net.predict(black_box(&x[next]));
                next = usize::from(black_box(&y)[0] < 0.0);
            }
        }));
        return;
    }
    type One<const N: usize> = Dense<N, N, Relu>;
    let mut net = network::<One<N>>();
    let mut trainer = Box::new(Trainer::<One<N>, _, _, 16>::new(MeanSquaredError, Sgd::new(1e-3)));
    let (x, t) = (samples::<N>(16), samples::<N>(16));
    works.push(work("step of 16", N, move || {
        let (x, t) = (black_box(&x).as_array(), t.as_array());
        black_box(trainer.step(&mut net, x.expect("16 samples"), t.expect("16 samples")));
    }));
}

fn widths() -> Vec<Work> {
    let mut works = Vec::new();
    macro_rules! widths {
        ($($width:literal)+) => {
            $(square::<$width>(&mut works, false);)+
            $(square::<$width>(&mut works, true);)+
        };
    }
    widths!(8 16 32 64 128 256 512 1024);
    works
}

fn sizes() -> Vec<Work> {
    let mut works = Vec::new();
    macro_rules! sizes {
        ($step:literal: $($size:literal)+) => { $(square::<$size>(&mut works, $step);)+ };
    }
    sizes!(false:
        1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34
        35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63 64 65
        66 67 68 69 70 71 72 73 74 75 76 77 78 79 80 81 82 83 84 85 86 87 88 89 90 91 92 93 94 95 96
        97 98 99 100 101 102 103 104 105 106 107 108 109 110 111 112 113 114 115 116 117 118 119 120
        121 122 123 124 125 126 127 128 129 130
    );
    // The neighbours of the multiples of 8, where a cliff would be, and some between.
    sizes!(true:
        1 2 3 4 5 6 7 8 9 10 12 14 15 16 17 18 20 23 24 25 28 31 32 33 36 39 40 41 44 47 48 49 52 55
        56 57 60 63 64 65 68 71 72 73 79 80 81 87 88 89 95 96 97 103 104 105 111 112 113 119 120 121
        127 128 129 130
    );
    works
}
