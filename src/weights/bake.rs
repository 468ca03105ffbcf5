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
/// static NET: Net = bake!(Net, "../../examples/data/digits.safetensors");
/// # fn main() {
/// assert!(NET.predict(&[0.5; 64]).iter().all(|logit| logit.is_finite()));
/// # }
/// ```
///
/// The file's path is relative to the source file, as that of [`include_bytes!`] is. The names in
/// it are those of PyTorch's `nn.Sequential`, or those of a third argument:
/// `bake!(Net, "actor.safetensors", Names::prefix("actor."))` (see [`Names`]).
///
/// What [`weights::read`](crate::weights::read()) would refuse is a compile error in the same words:
/// "tensor `2.weight` has shape [10, 33], but Dense<32, 10> needs [10, 32]".
#[macro_export]
macro_rules! bake {
    ($net:ty, $file:expr $(, $names:expr)? $(,)?) => {{
        struct File;
        impl $crate::weights::Source for File {
            const BYTES: &'static [u8] = ::core::include_bytes!($file);
            $(const NAMES: $crate::weights::Names<'static> = $names;)?
        }
        // Also here, so that the error is shown where the file is named.
        const { $crate::weights::assert_right($crate::weights::Baked::<$net, File>::WRONG) };
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
    const FILE: Result<SafeTensors<'static>, WeightsError> = SafeTensors::parse(Self::BYTES);
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
/// A layer of your own reads its [`TENSORS`](Shape::TENSORS), which are counted from 0, with
/// [`baked_f32`] or [`baked_f64`]:
///
/// ```
/// use constgrad::prelude::*;
/// use constgrad::TensorInfo;
/// use constgrad::weights::{Bake, Position, Source, baked_f32};
///
/// /// y = a ⊙ x + b
/// struct Scale<const N: usize> {
///     a: [f32; N],
///     b: [f32; N],
/// }
///
/// impl<const N: usize> Shape for Scale<N> {
///     const PARAMS: usize = 2 * N;
///     const NAME: &'static str = "Scale"; // in messages
///     const TENSORS: &'static [TensorInfo] =
///         &[TensorInfo::new::<f32>("a", &[N]), TensorInfo::new::<f32>("b", &[N])];
///     // The rest is in the example `custom_layer`.
///     # type Input = [f32; N];
///     # type Output = [f32; N];
///     # type First = Self;
///     # type Last = Self;
///     # type Live<X: Copy, Y: Copy> = (X, Y);
/// }
///
/// impl<S: Source, P: Position, const N: usize> Bake<S, P> for Scale<N> {
///     const NET: Self =
///         Scale { a: baked_f32::<Self, S, P, N>(0), b: baked_f32::<Self, S, P, N>(1) };
/// }
/// # impl<const N: usize> Zero for Scale<N> {
/// #     const ZERO: Self = Scale { a: [0.0; N], b: [0.0; N] };
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read from a file by the compiler",
    note = "a layer of your own implements `constgrad::weights::Bake`"
)]
pub trait Bake<S: Source, P: Position>: Shape {
    /// It, with the weights of the file, which are as they must be.
    const NET: Self;
    /// What is wrong with them. A layer keeps this default.
    #[doc(hidden)]
    const WRONG: Option<WeightsError> = wrong::<Self, S, P>();
}

impl<S: Source, P: Position, A: Bake<S, P>, B: Bake<S, After<P, A>>> Bake<S, P> for (A, B) {
    const NET: Self = (A::NET, B::NET);
    const WRONG: Option<WeightsError> = match A::WRONG {
        None => B::WRONG,
        wrong => wrong,
    };
}

/// A network `N` and the file `S` with its weights.
pub struct Baked<N, S>(PhantomData<(N, S)>);

impl<N: Layer + Bake<S, Start>, S: Source> Baked<N, S> {
    /// What is wrong with the file.
    #[doc(hidden)]
    pub const WRONG: Option<WeightsError> = {
        assert_listed::<N>();
        match S::NAMES.check(N::LAYERS) {
            Ok(()) => match file::<S>() {
                Ok(file) => match file.check_rest(N::PLAN) {
                    Ok(()) => N::WRONG,
                    Err(error) => Some(error),
                },
                Err(error) => Some(error),
            },
            Err(error) => Some(error),
        }
    };

    /// The network with its weights. What is wrong with the file is a compile error.
    pub const NET: N = {
        const { assert_right(Self::WRONG) };
        N::NET
    };
}

/// One compile error, where it is called, however many layers there are.
#[doc(hidden)]
#[track_caller]
pub const fn assert_right(wrong: Option<WeightsError>) {
    if let Some(error) = wrong {
        panic!("{}", error.text().as_str());
    }
}

const fn file<S: Source>() -> Result<Checked<'static>, WeightsError> {
    match S::FILE {
        Ok(file) => Ok(Checked { file, names: S::NAMES }),
        Err(error) => Err(error),
    }
}

const fn place<L: Shape, P: Position>() -> Place {
    Place { layer: P::LAYER, module: P::MODULE, name: L::NAME, tensors: L::TENSORS }
}

/// What is wrong with the tensors of a layer.
///
/// A constant of its own for each layer: `long_running_const_eval` bounds what one may do.
const fn wrong<L: Shape, S: Source, P: Position>() -> Option<WeightsError> {
    let file = match file::<S>() {
        Ok(file) => file,
        Err(error) => return Some(error),
    };
    let mut tensor = 0;
    while tensor < L::TENSORS.len() {
        if let Err(error) = file.tensor(place::<L, P>(), &L::TENSORS[tensor]) {
            return Some(error);
        }
        tensor += 1;
    }
    None
}

/// Tensor `index` of a layer, of so many numbers.
const fn tensor<L: Shape, S: Source, P: Position>(
    index: usize,
    numbers: usize,
) -> TensorView<'static> {
    if let Ok(file) = file::<S>()
        && let Some(entry) = file.find(place::<L, P>(), &L::TENSORS[index])
    {
        let tensor = entry.view(file.file.data());
        assert!(tensor.len() == numbers, "a tensor has another length than its layer reads");
        return tensor;
    }
    panic!("a network is baked with `bake!`, which checks the file")
}

macro_rules! bake {
    ($T:ident, $columns:ident, $baked:ident) => {
        impl<S: Source, P: Position, const IN: usize, const OUT: usize, Act: Activation> Bake<S, P>
            for Dense<IN, OUT, Act, $T>
        {
            const NET: Self = {
                let weight = tensor::<Self, S, P>(0, IN * OUT);
                let weights = $columns(weight.data(), weight.dtype());
                Dense::from_columns(&weights, $baked::<Self, S, P, OUT>(1))
            };
        }

        /// In a constant: the numbers of tensor `index` of the layer `L`, as the file has them, for
        /// [`Bake`].
        ///
        /// # Panics
        /// If the layer lists no such tensor, or if it has not `N` numbers.
        pub const fn $baked<L: Shape, S: Source, P: Position, const N: usize>(
            index: usize,
        ) -> [$T; N] {
            let tensor = tensor::<L, S, P>(index, N);
            let [numbers] = $columns(tensor.data(), tensor.dtype());
            numbers
        }
    };
}
bake!(f32, columns_f32, baked_f32);
bake!(f64, columns_f64, baked_f64);
