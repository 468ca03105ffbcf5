//! A layer of a user's own, y = a ⊙ x + b: what it must say of its tensors, and what it gets for it.

use constgrad::prelude::*;
use constgrad::weights::{self, Bake, Names, Position, Source, baked_f32};
use constgrad::{Dense, Init, Inspector, Layer, Machine, Store, TensorInfo, Visitor, bake, net};
use rand::Rng;
use safetensors::Dtype;

use crate::{bits, f32s, file, read};

/// `LISTED` numbers of each tensor are listed.
struct Scale<const N: usize, const LISTED: usize = N> {
    a: [f32; N],
    b: [f32; N],
}

impl<const N: usize, const LISTED: usize> Zero for Scale<N, LISTED> {
    const ZERO: Self = Scale { a: [0.0; N], b: [0.0; N] };
}

impl<const N: usize, const LISTED: usize> Shape for Scale<N, LISTED> {
    type Input = [f32; N];
    type Output = [f32; N];
    type First = Self;
    type Last = Self;
    type Live<X: Copy, Y: Copy> = (X, Y);

    const PARAMS: usize = 2 * LISTED;
    const NAME: &'static str = "Scale";
    const TENSORS: &'static [TensorInfo] =
        &[TensorInfo::new::<f32>("a", &[LISTED]), TensorInfo::new::<f32>("b", &[LISTED])];
}

impl<const N: usize, const LISTED: usize> Layer for Scale<N, LISTED> {
    type Tape<const B: usize> = ();

    fn infer<M: Machine, const B: usize>(&self, x: &[[f32; N]; B], y: &mut [[f32; N]; B]) {
        for (x, y) in x.iter().zip(y) {
            for i in 0..N {
                y[i] = self.a[i] * x[i] + self.b[i];
            }
        }
    }
    fn forward<M: Machine, const B: usize>(
        &self,
        x: &[[f32; N]; B],
        (): &mut (),
        y: &mut [[f32; N]; B],
    ) {
        self.infer::<M, B>(x, y);
    }
    fn backward<M: Machine, const B: usize>(
        &self,
        _: &[[f32; N]; B],
        (): &mut (),
        _: &[[f32; N]; B],
        _: &mut [[f32; N]; B],
        _: Option<&mut [[f32; N]; B]>,
        _: &mut Self,
        _: Store,
    ) {
        unreachable!("not trained here");
    }
    fn visit<const K: usize, V: Visitor<K>>(&mut self, mut others: [&mut Self; K], v: &mut V) {
        v.tensor(&mut self.a, others.each_mut().map(|other| &mut other.a[..]));
        v.tensor(&mut self.b, others.map(|other| &mut other.b[..]));
    }
    fn inspect<I: Inspector>(&self, inspector: &mut I) {
        inspector.tensor(&self.a);
        inspector.tensor(&self.b);
    }
    fn initialize<R: Rng + ?Sized>(&mut self, _: Option<Init>, _: &mut R) {}
}

impl<S: Source, P: Position, const N: usize> Bake<S, P> for Scale<N> {
    const NET: Self = Scale { a: baked_f32::<Self, S, P, N>(0), b: baked_f32::<Self, S, P, N>(1) };
}

type Net = net![Dense<3, 2>, Scale<2>, Dense<2, 3>];

fn scale() -> Vec<u8> {
    file(&[
        ("0.weight", Dtype::F32, &[2, 3], f32s(&[1.0, 0.0, 0.0, 0.0, 1.0, 0.0])),
        ("0.bias", Dtype::F32, &[2], f32s(&[0.0, 0.0])),
        ("1.a", Dtype::F32, &[2], f32s(&[2.0, -4.0])),
        ("1.b", Dtype::F32, &[2], f32s(&[0.5, 0.25])),
        ("2.weight", Dtype::F32, &[3, 2], f32s(&[1.0, 0.0, 0.0, 1.0, 1.0, 1.0])),
        ("2.bias", Dtype::F32, &[3], f32s(&[0.0, 0.0, 8.0])),
    ])
}

#[test]
fn it_is_read_at_run_time() {
    let net: Net = read(&scale(), Names::SEQUENTIAL);
    assert_eq!(net.predict(&[1.0, 1.0, 7.0]), [2.5, -3.75, 6.75]);

    let wrong = file(&[
        ("0.a", Dtype::F32, &[3], f32s(&[0.0; 3])),
        ("0.b", Dtype::F32, &[2], f32s(&[0.0; 2])),
    ]);
    let mut layer = Scale::<2>::ZERO;
    let error = weights::read(&mut layer, &wrong, Names::SEQUENTIAL).unwrap_err();
    assert_eq!(error.to_string(), "tensor `0.a` has shape [3], but Scale needs [2]");
}

#[test]
fn it_is_read_by_the_compiler() {
    static NET: Net = bake!(Net, "scale.safetensors");
    assert_eq!(include_bytes!("scale.safetensors")[..], scale());
    assert_eq!(bits(&NET), bits(&read::<Net>(&scale(), Names::SEQUENTIAL)));
}

#[test]
#[cfg(feature = "std")]
fn it_is_written() {
    let net: Net = read(&scale(), Names::SEQUENTIAL);
    let mut written = Vec::new();
    weights::write(&net, Names::SEQUENTIAL, &mut written).unwrap();
    assert_eq!(written, scale());
}

#[test]
fn tensors_that_it_lists_and_has_not_are_an_error() {
    let file = file(&[
        ("0.a", Dtype::F32, &[3], f32s(&[1.0; 3])),
        ("0.b", Dtype::F32, &[3], f32s(&[1.0; 3])),
    ]);
    let mut layer = Scale::<2, 3>::ZERO;
    let error = weights::read(&mut layer, &file, Names::SEQUENTIAL).unwrap_err();
    let expected = "the network cannot be read or written: `TENSORS` of Scale does not list what its `visit` and `inspect` hand out";
    assert_eq!(error.to_string(), expected);
    assert_eq!(layer.a, [0.0; 2]);
    assert_eq!(error.tensor(), None);
}
