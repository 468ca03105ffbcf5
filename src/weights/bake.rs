//! Weights that the compiler reads.

use core::marker::PhantomData;

use super::WeightsError;
use super::check::{Checked, assert_listed};
use super::file::{SafeTensors, TensorView};
use super::names::Names;
use super::number::{columns_f32, columns_f64};
use crate::activation::Activation;
use crate::tensors::Place;
use crate::{Dense, Layer, Shape};

/// A network with the weights of a safetensors file, read and checked by the compiler.
///
/// ```
/// use constgrad::prelude::*;
/// use constgrad::{Dense, Relu, bake, net};
///
/// type Net = net![Dense<64, 32, Relu>, Dense<32, 10>];
///
/// // In flash, without the file: only the numbers are in the program.
/// static NET: Net = bake!(Net, "../../examples/firmware/data/digits.safetensors");
/// # fn main() {
/// assert!(NET.predict(&[0.5; 64]).iter().all(|logit| logit.is_finite()));
/// # }
/// ```
///
/// The file's path is relative to the source file, as that of [`include_bytes!`] is. The names in
/// it are those of PyTorch's `nn.Sequential`, or those of a third argument:
/// `bake!(Net, "actor.safetensors", Names::prefix("actor."))` (see
/// [`Names`](crate::weights::Names)).
///
/// What [`weights::read`](crate::weights::read) would refuse is a compile error in the same words:
/// "tensor `2.weight` has shape [10, 33], but Dense<32, 10> needs [10, 32]".
#[macro_export]
macro_rules! bake {
    ($net:ty, $file:expr $(, $names:expr)? $(,)?) => {{
        struct File;
        impl $crate::weights::Source for File {
            const BYTES: &'static [u8] = ::core::include_bytes!($file);
            $(const NAMES: $crate::weights::Names<'static> = $names;)?
        }
        $crate::weights::Baked::<$net, File>::NET
    }};
}

/// A file for the compiler, which [`bake!`](crate::bake) writes down as a type.
pub trait Source {
    /// The file.
    const BYTES: &'static [u8];
    /// What it calls the layers.
    const NAMES: Names<'static> = Names::SEQUENTIAL;
    /// The file, once read.
    #[doc(hidden)]
    const FILE: SafeTensors<'static> = right(SafeTensors::parse(Self::BYTES));
}

/// Where in its network a layer is: [`Start`], or [`After`] other layers.
pub trait Position {
    /// Layers before it.
    const LAYER: usize;
    /// Modules of an `nn.Sequential` before it.
    const MODULE: usize;
}

/// The first layer.
pub struct Start;

/// After the layers `A`, which are at `P`.
pub struct After<P, A>(PhantomData<(P, A)>);

impl Position for Start {
    const LAYER: usize = 0;
    const MODULE: usize = 0;
}

impl<P: Position, A: Shape> Position for After<P, A> {
    const LAYER: usize = P::LAYER + A::LAYERS;
    const MODULE: usize = P::MODULE + A::MODULES;
}

/// A layer or network that the compiler can read from a file `S`, in which it is at `P`.
///
/// A layer of your own reads its [`TENSORS`](Shape::TENSORS), counted from 0, with [`baked_f32`]
/// or [`baked_f64`]:
///
/// ```ignore
/// impl<S: Source, P: Position, const N: usize> Bake<S, P> for Scale<N> {
///     const NET: Self =
///         Scale { a: baked_f32::<Self, S, P, N>(0), b: baked_f32::<Self, S, P, N>(1) };
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read from a file by the compiler",
    note = "a layer of your own implements `constgrad::weights::Bake`"
)]
pub trait Bake<S: Source, P: Position>: Shape {
    /// It, with the weights of the file.
    const NET: Self;
}

impl<S: Source, P: Position, A: Bake<S, P>, B: Bake<S, After<P, A>>> Bake<S, P> for (A, B) {
    const NET: Self = (A::NET, B::NET);
}

/// A network `N` and the file `S` with its weights.
pub struct Baked<N, S>(PhantomData<(N, S)>);

impl<N: Layer + Bake<S, Start>, S: Source> Baked<N, S> {
    const NAMES: () = {
        assert_listed::<N>();
        right(S::NAMES.check(N::LAYERS))
    };
    const REST: () = right(file::<S>().check_rest(N::PLAN));

    /// The network with its weights. What is wrong with the file is a compile error.
    ///
    /// The first mistake is the only one that is told. Each layer has a constant of its own, so that
    /// none takes the compiler longer than `long_running_const_eval` lets it.
    pub const NET: N = {
        let () = Self::NAMES;
        let () = Self::REST;
        N::NET
    };
}

/// The value, or a compile error with the text of the other.
#[track_caller]
const fn right<T: Copy>(result: Result<T, WeightsError>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("{}", error.text().as_str()),
    }
}

/// Tensor `index` of a layer.
const fn tensor<L: Shape, S: Source, P: Position>(
    index: usize,
) -> Result<TensorView<'static>, WeightsError> {
    let place = Place { layer: P::LAYER, module: P::MODULE, name: L::NAME, tensors: L::TENSORS };
    file::<S>().tensor(place, &L::TENSORS[index])
}

const fn file<S: Source>() -> Checked<'static> {
    Checked { file: S::FILE, names: S::NAMES }
}

macro_rules! bake {
    ($T:ident, $columns:ident, $baked:ident) => {
        impl<S: Source, P: Position, const IN: usize, const OUT: usize, Act: Activation> Bake<S, P>
            for Dense<IN, OUT, Act, $T>
        {
            const NET: Self = {
                let weight = right(tensor::<Self, S, P>(0));
                let weights = $columns(weight.data(), weight.dtype());
                Dense::from_columns(weights, $baked::<Self, S, P, OUT>(1))
            };
        }

        /// In a constant: the numbers of tensor `index` of the layer `L`, as the file has them, for
        /// [`Bake`].
        ///
        /// # Panics
        /// If the layer lists no such tensor, or if it has not `N` numbers; and if the file has not
        /// what the layer lists, which is the compile error that the user of the layer sees.
        #[track_caller]
        pub const fn $baked<L: Shape, S: Source, P: Position, const N: usize>(
            index: usize,
        ) -> [$T; N] {
            let tensor = right(tensor::<L, S, P>(index));
            assert!(tensor.len() == N, "the tensor has another length than is read");
            let [numbers] = $columns(tensor.data(), tensor.dtype());
            numbers
        }
    };
}
bake!(f32, columns_f32, baked_f32);
bake!(f64, columns_f64, baked_f64);
