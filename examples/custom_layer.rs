//! A layer and an activation of your own, beside those of the crate.
//!
//! `cargo run --release --example custom_layer`

use constgrad::prelude::*;
use constgrad::schedule::{Cosine, Schedule};
use constgrad::weights::{Bake, Position, Source, baked_f32};
use constgrad::{
    Adam, Dense, Elementwise, Float, FromInput, Init, Inspector, Layer, Machine, MeanSquaredError,
    Store, TensorInfo, Trainer, Visitor, net,
};
use rand::{Rng, RngExt, SeedableRng, rngs::Xoshiro256PlusPlus};

/// f(s) = s e^(−s²), f′(s) = (1 − 2s²) e^(−s²).
struct Wavelet;

impl Elementwise for Wavelet {
    const INIT: Init = Init::XavierUniform;
    const NAME: &'static str = "Wavelet";
    type Derivative = FromInput;

    fn apply<T: Float>(s: T) -> T {
        s * (-s * s).exp()
    }
    fn derivative<T: Float>(s: T) -> T {
        (T::ONE - (s + s) * s) * (-s * s).exp()
    }
}

/// y = a ⊙ x + b, with trainable a and b: every number gets a scale and an offset of its own.
struct Scale<const N: usize> {
    a: [f32; N],
    b: [f32; N],
}

impl<const N: usize> Zero for Scale<N> {
    const ZERO: Self = Scale { a: [0.0; N], b: [0.0; N] };
}

impl<const N: usize> Shape for Scale<N> {
    type Input = [f32; N];
    type Output = [f32; N];
    type First = Self;
    type Last = Self;
    type Live<X: Copy, Y: Copy> = (X, Y);

    const PARAMS: usize = 2 * N;
    const MACS: usize = N;

    // How files name and see the parameters.
    const NAME: &'static str = "Scale";
    const TENSORS: &'static [TensorInfo] =
        &[TensorInfo::new::<f32>("a", &[N]), TensorInfo::new::<f32>("b", &[N])];
}

impl<const N: usize> Layer for Scale<N> {
    // The derivatives need x, which backward gets anyway.
    type Tape<const B: usize> = ();

    #[inline(always)]
    fn infer<M: Machine, const B: usize>(&self, x: &[[f32; N]; B], y: &mut [[f32; N]; B]) {
        self.forward::<M, B>(x, &mut (), y);
    }

    #[inline(always)]
    fn forward<M: Machine, const B: usize>(
        &self,
        x: &[[f32; N]; B],
        (): &mut (),
        y: &mut [[f32; N]; B],
    ) {
        for (x, y) in x.iter().zip(y) {
            for i in 0..N {
                y[i] = M::mul_add(self.a[i], x[i], self.b[i]);
            }
        }
    }

    #[inline(always)]
    fn backward<M: Machine, const B: usize>(
        &self,
        x: &[[f32; N]; B],
        (): &mut (),
        _y: &[[f32; N]; B],
        dy: &mut [[f32; N]; B],
        dx: Option<&mut [[f32; N]; B]>,
        gradient: &mut Self,
        store: Store,
    ) {
        for i in 0..N {
            store.put(&mut gradient.a[i], (0..B).map(|n| dy[n][i] * x[n][i]).sum());
            store.put(&mut gradient.b[i], (0..B).map(|n| dy[n][i]).sum());
        }
        for (dx, dy) in dx.into_iter().flatten().zip(dy) {
            for i in 0..N {
                dx[i] = self.a[i] * dy[i];
            }
        }
    }

    #[inline(always)]
    fn visit<const K: usize, V: Visitor<K>>(&mut self, mut others: [&mut Self; K], v: &mut V) {
        v.tensor(&mut self.a, others.each_mut().map(|other| &mut other.a[..]));
        v.tensor(&mut self.b, others.map(|other| &mut other.b[..]));
    }

    fn inspect<I: Inspector>(&self, inspector: &mut I) {
        inspector.tensor(&self.a);
        inspector.tensor(&self.b);
    }

    fn initialize<R: Rng + ?Sized>(&mut self, _how: Option<Init>, _rng: &mut R) {
        *self = Scale { a: [1.0; N], b: [0.0; N] };
    }
}

/// For `bake!`: `a` and `b` are numbers 0 and 1 of `TENSORS`.
impl<S: Source, P: Position, const N: usize> Bake<S, P> for Scale<N> {
    const NET: Self = Scale { a: baked_f32::<Self, S, P, N>(0), b: baked_f32::<Self, S, P, N>(1) };
}

type Net = net![Scale<1>, Dense<1, 16, Wavelet>, Dense<16, 1>];

fn main() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(3);
    let mut net = Net::ZERO;
    net.init(&mut rng);
    let mut trainer = Trainer::<Net, _, _, 32>::new(MeanSquaredError, Adam::new(0.01));

    let schedule = Cosine { lr: 0.01, warm_up: 0, steps: 3_000, end: 0.0 };

    println!("{}", Net::summary());
    for step in 1..=3_000 {
        trainer.optimizer.lr = schedule.at(step - 1);
        let x: [[f32; 1]; 32] = [(); 32].map(|()| [rng.random_range(-2.0..2.0)]);
        let loss = trainer.step(&mut net, &x, &x.map(|[x]| [(2.0 * x).sin()]));
        if [30, 300, 3_000].contains(&step) {
            println!("step {step}   loss {loss:.2e}");
        }
    }
}
