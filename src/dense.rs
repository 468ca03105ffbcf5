//! The dense (fully connected) layer.

use core::fmt;
use core::marker::PhantomData;

use rand::Rng;

use crate::activation::{Activation, Identity};
use crate::budget::{LayerInfo, short_name};
use crate::init::Init;
use crate::kernel::{Aligned, Arena, Claim, Fresh, Panels, parts, product};
use crate::text::Text;
use crate::{Float, Inspector, Layer, Machine, Shape, Store, TensorInfo, Visitor, Zero};

/// A dense layer: h = f(W x + b), with W of `OUT × IN`, b of `OUT`, and the activation f = `Act`.
///
/// Its gradient and its optimizer states are layers of the same type. It is two plain arrays:
/// `(IN + 1) · OUT` numbers of type `T`, and nothing else. On processors with vectors (x86-64 and
/// AArch64) it starts at a line of the cache, 64 bytes, and is padded to whole lines: a vector
/// that lies across two lines costs twice as much.
///
/// ```
/// use constgrad::prelude::*;
/// use constgrad::{Dense, Relu};
///
/// //                                     W: OUT rows of IN        b: OUT
/// const LAYER: Dense<3, 2, Relu> = Dense::new([[1.0, 2.0, 3.0], [-1.0, 0.0, 0.0]], [0.5, 0.5]);
/// assert_eq!(LAYER.predict(&[1.0, 1.0, 1.0]), [6.5, 0.0]);
/// ```
#[cfg_attr(any(target_arch = "x86_64", target_arch = "aarch64"), repr(C, align(64)))]
pub struct Dense<const IN: usize, const OUT: usize, Act = Identity, T = f32> {
    weights: Panels<T, IN, OUT>,
    bias: [T; OUT],
    activation: PhantomData<fn() -> Act>,
}

impl<const IN: usize, const OUT: usize, Act: Activation, T: Float> Shape
    for Dense<IN, OUT, Act, T>
{
    type Input = [T; IN];
    type Output = [T; OUT];
    type First = Self;
    type Last = Self;
    type Live<X: Copy, Y: Copy> = (X, Y);

    const PARAMS: usize = (IN + 1) * OUT;
    const MACS: usize = IN * OUT;
    const WEIGHT_BYTES: usize = Self::PARAMS * size_of::<T>();

    const NAME: &'static str = Self::TEXT.as_str();
    const MODULES: usize = 1 + Act::MODULES;
    const TENSORS: &'static [TensorInfo] =
        &[TensorInfo::in_panels::<T>("weight", &[OUT, IN]), TensorInfo::new::<T>("bias", &[OUT])];
}

impl<const IN: usize, const OUT: usize, Act: Activation, T: Float> Layer
    for Dense<IN, OUT, Act, T>
{
    type Tape<const B: usize> = Aligned<[Act::Tape<T, OUT>; B]>;

    const FRESH: Fresh<[T; OUT]> = Fresh::<[T; OUT]>::ANY;

    #[inline(always)]
    fn infer<M: Machine, const B: usize>(&self, x: &[[T; IN]; B], y: &mut [[T; OUT]; B]) {
        // s = W h + b
        let relu = const { Act::IS_RELU && product::has_relu::<M, T>() };
        product::affine::<M, T, IN, OUT, B>(&self.weights, &self.bias, x, y, relu);
        // h = f(s)
        if !relu {
            Act::apply_batch::<M, T, OUT, B>(y);
        }
    }

    #[inline(always)]
    fn forward<M: Machine, const B: usize>(
        &self,
        x: &[[T; IN]; B],
        tape: &mut Self::Tape<B>,
        y: &mut [[T; OUT]; B],
    ) {
        // s = W h + b
        let relu = const { Act::IS_RELU && product::has_relu::<M, T>() };
        product::affine::<M, T, IN, OUT, B>(&self.weights, &self.bias, x, y, relu);
        // h = f(s)
        if !relu {
            Act::forward_batch::<M, T, OUT, B>(y, &mut tape.0);
        }
    }

    #[inline(always)]
    fn backward<M: Machine, const B: usize>(
        &self,
        x: &[[T; IN]; B],
        tape: &mut Self::Tape<B>,
        y: &[[T; OUT]; B],
        dy: &mut [[T; OUT]; B],
        dx: Option<&mut [[T; IN]; B]>,
        gradient: &mut Self,
        store: Store,
    ) {
        // ∂J/∂b = g ⊙ f′(s)
        Act::backward_batch::<M, T, OUT, B>(y, &tape.0, dy, &mut gradient.bias, store);
        let ds = &*dy;
        // g = Wᵀ ∂J/∂b, for the layer below
        if let Some(dx) = dx {
            product::transposed::<M, T, IN, OUT, B>(&self.weights, ds, dx);
        }
        // ∂J/∂W = ∂J/∂b hᵀ
        let claim = Claim::of(&self.weights, &gradient.weights);
        product::outer::<M, T, IN, OUT, B>(x, ds, &mut gradient.weights, store, claim);
    }

    #[inline(always)]
    fn backward_between<'a, M: Machine, H, const B: usize>(
        &self,
        x: &[[T; IN]; B],
        tape: &mut Self::Tape<B>,
        y: &[[T; OUT]; B],
        dy: Arena<'a, H, [[T; OUT]; B]>,
        gradient: &mut Self,
        store: Store,
    ) -> Arena<'a, H, [[T; IN]; B]> {
        let mut both = dy.with_any();
        let (dy, dx) = both.parts();
        self.backward::<M, B>(x, tape, y, dy, Some(dx), gradient, store);
        both.done()
    }

    #[inline(always)]
    fn descend<M: Machine, const B: usize>(
        &mut self,
        x: &[[T; IN]; B],
        tape: &mut Self::Tape<B>,
        y: &[[T; OUT]; B],
        dy: &mut [[T; OUT]; B],
        dx: Option<&mut [[T; IN]; B]>,
    ) {
        Act::backward_batch::<M, T, OUT, B>(y, &tape.0, dy, &mut self.bias, Store::Add);
        let ds = &*dy;
        // With the weights from before they change.
        if let Some(dx) = dx {
            product::transposed::<M, T, IN, OUT, B>(&self.weights, ds, dx);
        }
        product::outer::<M, T, IN, OUT, B>(x, ds, &mut self.weights, Store::Add, Claim::NONE);
    }

    #[inline(always)]
    fn descend_between<'a, M: Machine, H, const B: usize>(
        &mut self,
        x: &[[T; IN]; B],
        tape: &mut Self::Tape<B>,
        y: &[[T; OUT]; B],
        dy: Arena<'a, H, [[T; OUT]; B]>,
    ) -> Arena<'a, H, [[T; IN]; B]> {
        let mut both = dy.with_any();
        let (dy, dx) = both.parts();
        self.descend::<M, B>(x, tape, y, dy, Some(dx));
        both.done()
    }

    #[inline(always)]
    fn visit<const K: usize, V: Visitor<K>>(&mut self, mut others: [&mut Self; K], v: &mut V) {
        let weights = parts(&mut others, |other| other.weights.numbers_mut());
        v.tensor(self.weights.numbers_mut(), weights);
        v.tensor(&mut self.bias, parts(&mut others, |other| &mut other.bias[..]));
    }

    fn inspect<I: Inspector>(&self, inspector: &mut I) {
        inspector.tensor(self.weights.numbers());
        inspector.tensor(&self.bias);
    }

    fn initialize<R: Rng + ?Sized>(&mut self, how: Option<Init>, rng: &mut R) {
        let how = how.unwrap_or(Act::INIT);
        for input in 0..IN {
            for weights in self.weights.of_input_mut(input) {
                how.fill(weights, IN, OUT, rng);
            }
        }
        self.bias = Zero::ZERO;
    }

    fn describe(f: &mut dyn FnMut(LayerInfo)) {
        f(LayerInfo { name: Self::write_name, ..LayerInfo::of::<Self>() });
    }
}

impl<const IN: usize, const OUT: usize, Act, T: Float> Dense<IN, OUT, Act, T> {
    /// A layer with the weights W, given as `OUT` rows of `IN`, and the bias b.
    pub const fn new(weights: [[T; IN]; OUT], bias: [T; OUT]) -> Self {
        Dense { weights: Panels::from_rows(&weights), bias, activation: PhantomData }
    }

    /// A layer with the weights Wᵀ.
    pub(crate) const fn from_columns(weights: &[[T; OUT]; IN], bias: [T; OUT]) -> Self {
        Dense { weights: Panels::from_columns(weights), bias, activation: PhantomData }
    }

    /// The weight from input `input` to output `out`, or `None` where there is no such weight.
    pub fn weight(&self, out: usize, input: usize) -> Option<&T> {
        self.weights.get(out, input)
    }

    /// The weight from input `input` to output `out`, to be changed.
    pub fn weight_mut(&mut self, out: usize, input: usize) -> Option<&mut T> {
        self.weights.get_mut(out, input)
    }

    /// The `OUT` rows of W, each of `IN` weights.
    pub fn rows(&self) -> impl Iterator<Item = impl Iterator<Item = &T>> {
        (0..OUT).map(|out| self.weights.row(out))
    }

    #[cfg(feature = "serde")]
    pub(crate) fn weights(&self) -> &Panels<T, IN, OUT> {
        &self.weights
    }

    #[cfg(feature = "serde")]
    pub(crate) fn weights_mut(&mut self) -> &mut Panels<T, IN, OUT> {
        &mut self.weights
    }

    /// The bias b.
    pub const fn bias(&self) -> &[T; OUT] {
        &self.bias
    }

    /// The bias b, to be changed.
    pub const fn bias_mut(&mut self) -> &mut [T; OUT] {
        &mut self.bias
    }
}

impl<const IN: usize, const OUT: usize, Act: Activation, T: Float> Dense<IN, OUT, Act, T> {
    /// [`write_name`](Self::write_name) for the compiler, which can name no type.
    const TEXT: &'static Text<64> = &{
        let single = size_of::<T>() == size_of::<f32>();
        let mut text = Text::new();
        text.push("Dense<");
        text.push_number(IN as u64);
        text.push(", ");
        text.push_number(OUT as u64);
        if Act::MODULES > 0 || !single {
            text.push(", ");
            text.push(Act::NAME);
        }
        text.push(if single { ">" } else { ", f64>" });
        text
    };
}

impl<const IN: usize, const OUT: usize, Act, T: Float> Zero for Dense<IN, OUT, Act, T> {
    const ZERO: Self = Dense { weights: Zero::ZERO, bias: Zero::ZERO, activation: PhantomData };
}

impl<const IN: usize, const OUT: usize, Act, T: Clone> Clone for Dense<IN, OUT, Act, T> {
    fn clone(&self) -> Self {
        Dense { weights: self.weights.clone(), bias: self.bias.clone(), activation: PhantomData }
    }

    fn clone_from(&mut self, source: &Self) {
        self.weights.clone_from(&source.weights);
        self.bias.clone_from(&source.bias);
    }
}

impl<const IN: usize, const OUT: usize, Act, T: PartialEq> PartialEq for Dense<IN, OUT, Act, T> {
    fn eq(&self, other: &Self) -> bool {
        self.weights == other.weights && self.bias == other.bias
    }
}

impl<const IN: usize, const OUT: usize, Act, T: Float> Dense<IN, OUT, Act, T> {
    /// `Dense<64, 32, Relu>`, as a user writes it: defaults are left out.
    fn write_name(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let activation = short_name::<Act>();
        let number = short_name::<T>();
        match (activation, number) {
            ("Identity", "f32") => write!(f, "Dense<{IN}, {OUT}>"),
            (_, "f32") => write!(f, "Dense<{IN}, {OUT}, {activation}>"),
            _ => write!(f, "Dense<{IN}, {OUT}, {activation}, {number}>"),
        }
    }
}

/// The layer as the user writes it, with W as `OUT` rows of `IN`, and b.
impl<const IN: usize, const OUT: usize, Act, T: Float> fmt::Debug for Dense<IN, OUT, Act, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        struct Rows<'a, T, const IN: usize, const OUT: usize>(&'a Panels<T, IN, OUT>);
        struct Row<I>(I);

        impl<T: Float, const IN: usize, const OUT: usize> fmt::Debug for Rows<'_, T, IN, OUT> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_list().entries((0..OUT).map(|out| Row(self.0.row(out)))).finish()
            }
        }
        impl<'a, T: Float, I: Iterator<Item = &'a T> + Clone> fmt::Debug for Row<I> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_list().entries(self.0.clone()).finish()
            }
        }

        Self::write_name(f)?;
        f.debug_struct("").field("weights", &Rows(&self.weights)).field("bias", &self.bias).finish()
    }
}
