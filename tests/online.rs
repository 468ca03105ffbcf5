//! Training in place against a trainer with a gradient.

use constgrad::prelude::*;
use constgrad::*;
use rand::{Rng, RngExt, SeedableRng, rngs::Xoshiro256PlusPlus};

/// y = a ⊙ x, without a `descend` of its own.
#[derive(Clone, Debug, PartialEq)]
struct Gain<const N: usize, T> {
    a: [T; N],
}

impl<const N: usize, T: Float> Zero for Gain<N, T> {
    const ZERO: Self = Gain { a: [T::ZERO; N] };
}

impl<const N: usize, T: Float> Shape for Gain<N, T> {
    type Input = [T; N];
    type Output = [T; N];
    type First = Self;
    type Last = Self;
    type Live<X: Copy, Y: Copy> = (X, Y);
}

impl<const N: usize, T: Float> Layer for Gain<N, T> {
    type Tape<const B: usize> = ();

    fn infer<M: Machine, const B: usize>(&self, x: &[[T; N]; B], y: &mut [[T; N]; B]) {
        self.forward::<M, B>(x, &mut (), y);
    }

    fn forward<M: Machine, const B: usize>(
        &self,
        x: &[[T; N]; B],
        (): &mut (),
        y: &mut [[T; N]; B],
    ) {
        for (x, y) in x.iter().zip(y) {
            for i in 0..N {
                y[i] = self.a[i] * x[i];
            }
        }
    }

    fn backward<M: Machine, const B: usize>(
        &self,
        x: &[[T; N]; B],
        (): &mut (),
        _y: &[[T; N]; B],
        dy: &mut [[T; N]; B],
        dx: Option<&mut [[T; N]; B]>,
        gradient: &mut Self,
        store: Store,
    ) {
        for i in 0..N {
            store.put(&mut gradient.a[i], (0..B).map(|n| dy[n][i] * x[n][i]).sum());
        }
        for (dx, dy) in dx.into_iter().flatten().zip(dy) {
            for i in 0..N {
                dx[i] = self.a[i] * dy[i];
            }
        }
    }

    fn visit<const K: usize, V: Visitor<K>>(&mut self, others: [&mut Self; K], v: &mut V) {
        v.tensor(&mut self.a, others.map(|other| &mut other.a[..]));
    }

    fn inspect<I: Inspector>(&self, inspector: &mut I) {
        inspector.tensor(&self.a);
    }

    fn initialize<R: Rng + ?Sized>(&mut self, _how: Option<Init>, _rng: &mut R) {
        self.a = [T::ONE; N];
    }
}

type Net<T> = net![
    Dense<7, 19, Tanh, T>,
    Gain<19, T>,
    Dense<19, 40, Relu, T>,
    Dense<40, 6, Softsign, T>,
    Dense<6, 5, Identity, T>
];

const STEPS: usize = 100;
const LR: f64 = 0.05;

/// The network that training begins with, and the samples.
fn start<T: Float>() -> (Net<T>, Vec<([T; 7], Class<5>)>) {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(9);
    let mut net = Net::<T>::ZERO;
    net.init(&mut rng);
    let samples = (0..STEPS).map(|step| {
        let x = [(); 7].map(|()| T::from_f64(rng.random_range(-1.0..1.0)));
        (x, Class::new(step % 5).expect("a class"))
    });
    (net, samples.collect())
}

fn online<T: Float>() -> (Net<T>, Vec<T>) {
    let (mut net, samples) = start::<T>();
    let mut online = OnlineSgd::<Net<T>, CrossEntropy>::new(CrossEntropy::new(), LR);
    let losses = samples.iter().map(|(x, label)| online.step(&mut net, x, label)).collect();
    (net, losses)
}

fn with_gradient<T: Float>() -> (Net<T>, Vec<T>) {
    let (mut net, samples) = start::<T>();
    let sgd = Sgd::new(LR);
    let mut trainer = Trainer::<Net<T>, CrossEntropy, Sgd, 1>::new(CrossEntropy::new(), sgd);
    let step = |(x, label): &([T; 7], Class<5>)| trainer.step(&mut net, &[*x], &[*label]);
    let losses = samples.iter().map(step).collect();
    (net, losses)
}

/// The largest difference between the parameters of two networks.
fn largest_difference<N: Layer>(a: &mut N, b: &mut N) -> f64 {
    struct Largest(f64);

    impl Visitor<1> for Largest {
        fn tensor<T: Float>(&mut self, a: &mut [T], [b]: [&mut [T]; 1]) {
            for (a, b) in a.iter().zip(b) {
                self.0 = self.0.max((a.to_f64() - b.to_f64()).abs());
            }
        }
    }

    let mut largest = Largest(0.0);
    a.visit([b], &mut largest);
    largest.0
}

fn agrees<T: Float>(tolerance: f64) {
    let ((mut a, a_losses), (mut b, b_losses)) = (online::<T>(), with_gradient::<T>());
    let difference = largest_difference(&mut a, &mut b);
    assert!(difference <= tolerance, "weights differ by {difference:e}");
    for (a, b) in a_losses.iter().zip(&b_losses) {
        assert!((a.to_f64() - b.to_f64()).abs() <= tolerance, "losses {a} and {b}");
    }
    // Something has been learned, in every layer.
    let (mut begin, _) = start::<T>();
    assert!(largest_difference(&mut begin.0, &mut a.0) > 1e-2);
    assert!(largest_difference(&mut begin.1.0, &mut a.1.0) > 1e-2);
    assert!(largest_difference(&mut begin.1.1, &mut a.1.1) > 1e-2);
}

#[test]
fn weights_are_those_of_a_trainer_in_f32() {
    agrees::<f32>(2e-6);
}

#[test]
fn weights_are_those_of_a_trainer_in_f64() {
    agrees::<f64>(4e-15);
}

#[test]
fn bits_are_the_same_from_run_to_run() {
    assert_eq!(online::<f32>(), online::<f32>());
    assert_eq!(online::<f64>(), online::<f64>());
}

#[test]
fn there_is_no_gradient() {
    type Whole = net![Dense<64, 32, Relu>, Dense<32, 10>];
    let gradient = size_of::<Whole>();
    let online = OnlineSgd::<Whole, CrossEntropy>::RAM;
    let trainer = Trainer::<Whole, CrossEntropy, Sgd, 1>::RAM;
    assert!(online + gradient <= trainer, "{online} and {trainer} bytes");
    assert!(online < gradient + 1024, "{online} bytes");
}
