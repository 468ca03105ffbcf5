//! What tensors a network has, as files see them: known to the compiler.

use crate::Float;
use crate::kernel::panels;

/// A tensor of a layer's parameters, as files see it.
///
/// ```
/// use constgrad::prelude::*;
/// use constgrad::{Dense, TensorInfo};
///
/// let [weight, bias] = <Dense<64, 32>>::TENSORS else { panic!() };
/// assert_eq!((weight.name(), weight.shape()), ("weight", &[32, 64][..]));
/// assert_eq!((bias.name(), bias.shape()), ("bias", &[32][..]));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TensorInfo {
    name: &'static str,
    shape: &'static [usize],
    storage: Storage,
    dtype: Dtype,
}

impl TensorInfo {
    /// A tensor of numbers `T` that are stored as files have them, the last dimension's next to
    /// each other.
    pub const fn new<T: Float>(name: &'static str, shape: &'static [usize]) -> Self {
        TensorInfo { name, shape, storage: Storage::RowMajor, dtype: Dtype::of::<T>() }
    }

    /// The weight matrix of a dense layer, stored in panels. `shape` is that of files: outputs,
    /// inputs.
    pub(crate) const fn in_panels<T: Float>(
        name: &'static str,
        shape: &'static [usize; 2],
    ) -> Self {
        TensorInfo { name, shape, storage: Storage::Panels, dtype: Dtype::of::<T>() }
    }

    /// Its name in the layer: `"weight"`.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Its dimensions in files: `[OUT, IN]` of W.
    pub const fn shape(&self) -> &'static [usize] {
        self.shape
    }

    /// In which order its numbers are stored.
    pub const fn storage(&self) -> Storage {
        self.storage
    }

    /// Its numbers: [`Dtype::F32`] or [`Dtype::F64`].
    pub const fn dtype(&self) -> Dtype {
        self.dtype
    }

    /// How many numbers it has.
    pub const fn numbers(&self) -> usize {
        let mut numbers = 1;
        let mut dimension = 0;
        while dimension < self.shape.len() {
            numbers *= self.shape[dimension];
            dimension += 1;
        }
        numbers
    }

    /// Where number `index` of the file is stored.
    pub(crate) const fn place(&self, index: usize) -> usize {
        match (self.storage, self.shape) {
            (Storage::Panels, &[outputs, inputs]) => {
                let (out, input) = (index / inputs, index % inputs);
                panels::place((inputs, outputs), (input, out), self.dtype.bits() / 8)
            }
            _ => index,
        }
    }
}

/// In which order a layer stores the numbers of a tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    /// As files do.
    RowMajor,
    /// In panels: for 16 rows of `f32` (8 of `f64`) the numbers of the first column, then those of
    /// the second, and so on; then for the next rows. It is how [`Dense`](crate::Dense) stores W.
    Panels,
}

macro_rules! dtypes {
    ($($(#[$doc:meta])* $name:ident: $text:literal, $bits:literal;)*) => {
        /// The type of a tensor's numbers, as safetensors files name it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Dtype {
            $($(#[$doc])* $name,)*
        }

        impl Dtype {
            pub(crate) const ALL: &[Dtype] = &[$(Dtype::$name),*];

            /// Its name in a file: `"F32"`.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Dtype::$name => $text,)*
                }
            }

            /// Bits of one number.
            pub const fn bits(self) -> usize {
                match self {
                    $(Dtype::$name => $bits,)*
                }
            }
        }
    };
}

dtypes! {
    /// IEEE's double precision.
    F64: "F64", 64;
    /// IEEE's single precision.
    F32: "F32", 32;
    /// IEEE's half precision.
    F16: "F16", 16;
    /// The upper half of an `f32`.
    BF16: "BF16", 16;
    /// Complex, of two `f32`.
    C64: "C64", 64;
    /// 8 bits: exponent of 5, mantissa of 2.
    F8E5M2: "F8_E5M2", 8;
    /// 8 bits: exponent of 4, mantissa of 3.
    F8E4M3: "F8_E4M3", 8;
    /// 8 bits of exponent.
    F8E8M0: "F8_E8M0", 8;
    /// 6 bits: exponent of 2, mantissa of 3.
    F6E2M3: "F6_E2M3", 6;
    /// 6 bits: exponent of 3, mantissa of 2.
    F6E3M2: "F6_E3M2", 6;
    /// 4 bits of MXFP4.
    F4: "F4", 4;
    /// A signed integer.
    I64: "I64", 64;
    /// A signed integer.
    I32: "I32", 32;
    /// A signed integer.
    I16: "I16", 16;
    /// A signed integer.
    I8: "I8", 8;
    /// An unsigned integer.
    U64: "U64", 64;
    /// An unsigned integer.
    U32: "U32", 32;
    /// An unsigned integer.
    U16: "U16", 16;
    /// An unsigned integer.
    U8: "U8", 8;
    /// A byte that is 0 or 1.
    Bool: "BOOL", 8;
}

impl Dtype {
    /// That of `T`.
    pub const fn of<T: Float>() -> Self {
        // `Float` is sealed: there are these two.
        if size_of::<T>() == 4 { Dtype::F32 } else { Dtype::F64 }
    }
}

/// The layers of a network, nested as it is.
pub struct Plan {
    layers: usize,
    modules: usize,
    node: Node,
}

enum Node {
    Layer { name: &'static str, tensors: &'static [TensorInfo] },
    Pair(&'static Plan, &'static Plan),
}

/// A layer in its network.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    /// Which layer it is, counted from 0.
    pub(crate) layer: usize,
    /// Which module of an `nn.Sequential` it is, counted from 0.
    pub(crate) module: usize,
    pub(crate) name: &'static str,
    pub(crate) tensors: &'static [TensorInfo],
}

impl Plan {
    pub(crate) const fn layer(
        name: &'static str,
        modules: usize,
        tensors: &'static [TensorInfo],
    ) -> Self {
        Plan { layers: 1, modules, node: Node::Layer { name, tensors } }
    }

    pub(crate) const fn pair(a: &'static Plan, b: &'static Plan) -> Self {
        Plan { layers: a.layers + b.layers, modules: a.modules + b.modules, node: Node::Pair(a, b) }
    }

    pub(crate) const fn layers(&self) -> usize {
        self.layers
    }

    /// Layer `index`, or `None` beyond the last.
    ///
    /// Goes down from the root for each, without recursion, of which the compiler allows little.
    pub(crate) const fn get(&'static self, index: usize) -> Option<Place> {
        if index >= self.layers {
            return None;
        }
        let (mut plan, mut left, mut module) = (self, index, 0);
        loop {
            match plan.node {
                Node::Layer { name, tensors } => {
                    return Some(Place { layer: index, module, name, tensors });
                }
                Node::Pair(a, b) if left >= a.layers => {
                    left -= a.layers;
                    module += a.modules;
                    plan = b;
                }
                Node::Pair(a, _) => plan = a,
            }
        }
    }

    /// How many tensors there are.
    pub(crate) const fn tensors(&'static self) -> usize {
        let (mut tensors, mut layer) = (0, 0);
        while let Some(place) = self.get(layer) {
            tensors += place.tensors.len();
            layer += 1;
        }
        tensors
    }

    /// How many numbers all tensors have.
    pub(crate) const fn numbers(&'static self) -> usize {
        let (mut numbers, mut layer) = (0, 0);
        while let Some(place) = self.get(layer) {
            let mut tensor = 0;
            while tensor < place.tensors.len() {
                numbers += place.tensors[tensor].numbers();
                tensor += 1;
            }
            layer += 1;
        }
        numbers
    }
}
