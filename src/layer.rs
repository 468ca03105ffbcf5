//! The theory: what a layer is, and how two of them make one.
//!
//! A network is a layer, or a pair of networks. [`Shape`] says what goes in and out, [`Layer`]
//! computes it and its derivatives, [`Feeds`] holds where two neighbours meet. The whole
//! recursion is the three `impl`s for `(A, B)` below.

use rand::Rng;

use crate::budget::LayerInfo;
use crate::init::Init;
use crate::kernel::{Aligned, Arena, Fresh, Larger, Room, Task, parts};
use crate::pass::{
    BackwardBetween, BackwardFirst, DescendBetween, DescendFirst, Forward, InferBetween,
    InferFirst, InferLast, half,
};
use crate::tensors::Plan;
use crate::{Float, Machine, TensorInfo};

/// A type with a constant to start from: all numbers zero, but for the powers of β of an `AdamState`,
/// which start as 1.
///
/// The constant can initialise a `static`, be assigned in place, or be boxed without a copy on
/// the stack (`boxed!`). Networks, gradients, tapes and optimizer states have it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no constant `ZERO` to start from",
    note = "implement `constgrad::Zero` for it: `const ZERO: Self`, all numbers zero"
)]
pub trait Zero: Sized {
    /// The value to start from.
    const ZERO: Self;
}

impl Zero for () {
    const ZERO: Self = ();
}

impl<Z: Zero, const N: usize> Zero for [Z; N] {
    const ZERO: Self = [Z::ZERO; N];
}

impl<A: Zero, B: Zero> Zero for (A, B) {
    const ZERO: Self = (A::ZERO, B::ZERO);
}

/// What a layer or network takes and gives, and what it costs: all of it known to the compiler.
///
/// Every pair of shapes has a shape, whether its halves fit or not. What needs them to fit asks
/// for [`Layer`], and there the compiler says which two layers do not.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no layer",
    label = "not a layer",
    note = "a network is a layer such as `Dense<64, 32, Relu>`, or `net![..]` of several; a layer of your own implements `constgrad::Shape` and `constgrad::Layer`"
)]
pub trait Shape: Zero {
    /// One input sample x = h⁽⁰⁾, for example `[f32; IN]`.
    type Input: Zero;
    /// One output sample y = h⁽ᴰ⁾, for example `[f32; OUT]`.
    type Output: Zero + Copy;
    /// The layer that takes the input; a single layer names itself.
    type First;
    /// The layer that gives the output; a single layer names itself.
    type Last;
    /// As large as the largest input and output of one of its layers together, where `X` stands
    /// for its own input and `Y` for its own output: `(X, Y)` for a single layer.
    ///
    /// The layers between its ends take turns in memory of this size: activations with `()` for both
    /// ends, whose own are the caller's, and derivatives with `()` for the input.
    type Live<X: Copy, Y: Copy>: Copy;

    /// Layers.
    const LAYERS: usize = 1;
    /// Trainable parameters.
    const PARAMS: usize = 0;
    /// Multiply-accumulates of one prediction.
    const MACS: usize = 0;
    /// Bytes of the weights. On processors with vectors each layer of a network, of its gradient
    /// and of an optimizer's state is padded to a whole line of the cache, 64 bytes.
    const WEIGHT_BYTES: usize = size_of::<Self>();
    /// Bytes of activations that one prediction needs: the input and the output, which are there
    /// from its beginning to its end, and the largest two neighbours between the layers.
    ///
    /// 784-128-64-10 in `f32` needs 4 · (784 + 10 + 128 + 64) bytes.
    const INFERENCE_RAM: usize =
        size_of::<Self::Input>() + size_of::<Self::Output>() + size_of::<Self::Live<(), ()>>();

    /// The name of the layer in messages about files, as a user writes it: `Dense<64, 32, Relu>`.
    const NAME: &'static str = "the layer";
    /// How many modules of PyTorch's `nn.Sequential` the layer is: 2 for a `Dense` with an
    /// activation. Files number the modules.
    const MODULES: usize = 1;
    /// The tensors of parameters of a layer, in the order in which [`Layer::visit`] and
    /// [`Layer::inspect`] hand them out. Those of a pair are with its halves.
    const TENSORS: &'static [TensorInfo] = &[];
    /// What is above, for each layer of a network. A layer keeps this default.
    #[doc(hidden)]
    const PLAN: &'static Plan = &Plan::layer(Self::NAME, Self::MODULES, Self::TENSORS);
}

impl<A: Shape, B: Shape> Shape for (A, B) {
    type Input = A::Input;
    type Output = B::Output;
    type First = A::First;
    type Last = B::Last;
    type Live<X: Copy, Y: Copy> = Larger<A::Live<X, A::Output>, B::Live<A::Output, Y>>;

    const LAYERS: usize = A::LAYERS + B::LAYERS;
    const PARAMS: usize = A::PARAMS + B::PARAMS;
    const MACS: usize = A::MACS + B::MACS;
    const WEIGHT_BYTES: usize = A::WEIGHT_BYTES + B::WEIGHT_BYTES;

    const NAME: &'static str = "the network";
    const MODULES: usize = A::MODULES + B::MODULES;
    const PLAN: &'static Plan = &Plan::pair(A::PLAN, B::PLAN);
}

/// A network: a [`Shape`] whose neighbours fit, with its forward and backward pass.
///
/// The passes work on batches of a constant size `B`. Forward keeps in the tape what backward
/// will need; the gradient of a layer has the layer's own type. Mark them `#[inline(always)]`:
/// what is not inlined is compiled without the machine's instructions.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no layer",
    label = "not a layer",
    note = "a network is a layer such as `Dense<64, 32, Relu>`, or `net![..]` of several; a layer of your own implements `constgrad::Shape` and `constgrad::Layer`"
)]
pub trait Layer: Shape {
    /// What forward keeps for backward: no more than cannot be recomputed from the layer's input
    /// and output, which backward gets too.
    type Tape<const B: usize>: Zero;

    /// What is in an output before `infer` writes it, in a prediction of one sample and in an arena. A
    /// layer keeps this default.
    #[doc(hidden)]
    const FRESH: Fresh<Self::Output> = Fresh::ZERO;

    /// y = f(x), for each sample of the batch. All of `y` is to be overwritten: what is in it before is
    /// not said.
    fn infer<M: Machine, const B: usize>(&self, x: &[Self::Input; B], y: &mut [Self::Output; B]);

    /// The same into an arena, for the layer after. A layer keeps this default.
    #[doc(hidden)]
    #[inline(always)]
    fn infer_first<'a, M: Machine, H, const B: usize>(
        &self,
        x: &[Self::Input; B],
        arena: Arena<'a, H, ()>,
    ) -> Arena<'a, H, [Self::Output; B]> {
        let mut both = arena.with_fresh(Self::FRESH.each());
        let ((), y) = both.parts();
        self.infer::<M, B>(x, y);
        both.done()
    }

    /// The same from one end of an arena to the other. A layer keeps this default.
    #[doc(hidden)]
    #[inline(always)]
    fn infer_between<'a, M: Machine, H, const B: usize>(
        &self,
        x: Arena<'a, H, [Self::Input; B]>,
    ) -> Arena<'a, H, [Self::Output; B]> {
        let mut both = x.with_fresh(Self::FRESH.each());
        let (x, y) = both.parts();
        self.infer::<M, B>(x, y);
        both.done()
    }

    /// The same from an arena, after the layers before. A layer keeps this default.
    #[doc(hidden)]
    #[inline(always)]
    fn infer_last<M: Machine, H, const B: usize>(
        &self,
        x: Arena<'_, H, [Self::Input; B]>,
        y: &mut [Self::Output; B],
    ) {
        self.infer::<M, B>(x.held(), y);
    }

    /// y = f(x), for each sample, keeping what backward needs.
    fn forward<M: Machine, const B: usize>(
        &self,
        x: &[Self::Input; B],
        tape: &mut Self::Tape<B>,
        y: &mut [Self::Output; B],
    );

    /// From ∂J/∂y to ∂J/∂x and the derivatives of the parameters, summed over the batch.
    ///
    /// `x` and `y` are those of the forward pass. `dy` is ∂J/∂y on entry and may be used as
    /// scratch. `dx`, where it is asked for, gets ∂J/∂x. Derivatives of parameters go into
    /// `gradient` as `store` says.
    ///
    /// A [`Tape`](crate::Tape) has room for the derivatives between the layers of its network. A
    /// layer of your own that holds a network, and calls its `backward` or `descend`, has those of the
    /// largest two neighbours on the stack, for all samples of the batch.
    #[expect(clippy::too_many_arguments, reason = "x, y, their derivatives, and where they go")]
    fn backward<M: Machine, const B: usize>(
        &self,
        x: &[Self::Input; B],
        tape: &mut Self::Tape<B>,
        y: &[Self::Output; B],
        dy: &mut [Self::Output; B],
        dx: Option<&mut [Self::Input; B]>,
        gradient: &mut Self,
        store: Store,
    );

    /// The same from ∂J/∂y in an arena, after the layers behind. A layer keeps this default.
    #[doc(hidden)]
    #[inline(always)]
    #[expect(clippy::too_many_arguments, reason = "as for `backward`")]
    fn backward_first<M: Machine, H, const B: usize>(
        &self,
        x: &[Self::Input; B],
        tape: &mut Self::Tape<B>,
        y: &[Self::Output; B],
        mut dy: Arena<'_, H, [Self::Output; B]>,
        dx: Option<&mut [Self::Input; B]>,
        gradient: &mut Self,
        store: Store,
    ) {
        self.backward::<M, B>(x, tape, y, dy.held_mut(), dx, gradient, store);
    }

    /// The same from one end of an arena to the other, for the layer before. A layer keeps this
    /// default.
    #[doc(hidden)]
    #[inline(always)]
    fn backward_between<'a, M: Machine, H, const B: usize>(
        &self,
        x: &[Self::Input; B],
        tape: &mut Self::Tape<B>,
        y: &[Self::Output; B],
        dy: Arena<'a, H, [Self::Output; B]>,
        gradient: &mut Self,
        store: Store,
    ) -> Arena<'a, H, [Self::Input; B]> {
        let mut both = dy.with();
        let (dy, dx) = both.parts();
        self.backward::<M, B>(x, tape, y, dy, Some(dx), gradient, store);
        both.done()
    }

    /// As [`backward`](Self::backward), but adds the derivatives of the parameters to the parameters
    /// themselves. `dy` is −lr · ∂J/∂y on entry, which makes this a step of gradient descent, and
    /// `dx` gets −lr · ∂J/∂x, for the parameters of before.
    ///
    /// This default is right for every layer, but has a gradient of the layer on the stack; it need
    /// not be there if the derivatives are added where they are computed, after `dx`.
    #[inline(always)]
    fn descend<M: Machine, const B: usize>(
        &mut self,
        x: &[Self::Input; B],
        tape: &mut Self::Tape<B>,
        y: &[Self::Output; B],
        dy: &mut [Self::Output; B],
        dx: Option<&mut [Self::Input; B]>,
    ) {
        struct Add;

        impl Visitor<1> for Add {
            #[inline(always)]
            fn tensor<T: Float>(&mut self, parameters: &mut [T], [changes]: [&mut [T]; 1]) {
                for (parameter, &mut change) in parameters.iter_mut().zip(changes) {
                    *parameter += change;
                }
            }
        }

        let mut change = Self::ZERO;
        self.backward::<M, B>(x, tape, y, dy, dx, &mut change, Store::Overwrite);
        self.visit([&mut change], &mut Add);
    }

    /// As [`backward_first`](Self::backward_first). A layer keeps this default.
    #[doc(hidden)]
    #[inline(always)]
    fn descend_first<M: Machine, H, const B: usize>(
        &mut self,
        x: &[Self::Input; B],
        tape: &mut Self::Tape<B>,
        y: &[Self::Output; B],
        mut dy: Arena<'_, H, [Self::Output; B]>,
        dx: Option<&mut [Self::Input; B]>,
    ) {
        self.descend::<M, B>(x, tape, y, dy.held_mut(), dx);
    }

    /// As [`backward_between`](Self::backward_between). A layer keeps this default.
    #[doc(hidden)]
    #[inline(always)]
    fn descend_between<'a, M: Machine, H, const B: usize>(
        &mut self,
        x: &[Self::Input; B],
        tape: &mut Self::Tape<B>,
        y: &[Self::Output; B],
        dy: Arena<'a, H, [Self::Output; B]>,
    ) -> Arena<'a, H, [Self::Input; B]> {
        let mut both = dy.with();
        let (dy, dx) = both.parts();
        self.descend::<M, B>(x, tape, y, dy, Some(dx));
        both.done()
    }

    /// Hands each tensor of parameters to `visitor`, together with the same tensor of `others`. It is
    /// marked `#[inline(always)]` like the passes: an optimizer's step is compiled for the machine too.
    fn visit<const K: usize, V: Visitor<K>>(&mut self, others: [&mut Self; K], visitor: &mut V);

    /// Hands each tensor of parameters to `inspector`, in the order of [`visit`](Self::visit).
    fn inspect<I: Inspector>(&self, inspector: &mut I);

    /// Draws new parameters: as `how` says, or as the layer's activation wants it.
    fn initialize<R: Rng + ?Sized>(&mut self, how: Option<Init>, rng: &mut R);

    /// Calls `f` with a description of each layer, first to last. A layer keeps this default.
    fn describe(f: &mut dyn FnMut(LayerInfo)) {
        f(LayerInfo::of::<Self>());
    }
}

/// What the tape of a pair holds: the tapes of its halves, and the activation h between them, kept
/// once for both. Its derivative is in the arena of backward.
pub struct PairTape<TA, H, TB> {
    a: TA,
    h: Aligned<H>,
    b: TB,
}

impl<TA: Zero, H: Zero, TB: Zero> Zero for PairTape<TA, H, TB> {
    const ZERO: Self = PairTape { a: TA::ZERO, h: Zero::ZERO, b: TB::ZERO };
}

impl<A: Layer, B: Layer> Layer for (A, B)
where
    A::Last: Feeds<B::First, A::Output, B::Input>,
{
    type Tape<const N: usize> = PairTape<A::Tape<N>, [A::Output; N], B::Tape<N>>;

    const FRESH: Fresh<B::Output> = B::FRESH;

    #[inline(always)]
    fn infer<M: Machine, const N: usize>(&self, x: &[Self::Input; N], y: &mut [Self::Output; N]) {
        let (a, b) = self;
        let mut memory = Room::<[Self::Live<(), ()>; N]>::EMPTY;
        let arena = Arena::new(&mut memory);
        let h = half!(A, M, InferFirst::<A, _, N> { net: a, x, arena });
        half!(B, M, InferLast::<B, _, N> { net: b, x: A::Last::pass_held(h), y });
    }

    #[inline(always)]
    fn infer_first<'a, M: Machine, H, const N: usize>(
        &self,
        x: &[Self::Input; N],
        arena: Arena<'a, H, ()>,
    ) -> Arena<'a, H, [Self::Output; N]> {
        let (a, b) = self;
        let h = half!(A, M, InferFirst::<A, H, N> { net: a, x, arena });
        half!(B, M, InferBetween::<B, H, N> { net: b, x: A::Last::pass_held(h) })
    }

    #[inline(always)]
    fn infer_between<'a, M: Machine, H, const N: usize>(
        &self,
        x: Arena<'a, H, [Self::Input; N]>,
    ) -> Arena<'a, H, [Self::Output; N]> {
        let (a, b) = self;
        let h = half!(A, M, InferBetween::<A, H, N> { net: a, x });
        half!(B, M, InferBetween::<B, H, N> { net: b, x: A::Last::pass_held(h) })
    }

    #[inline(always)]
    fn infer_last<M: Machine, H, const N: usize>(
        &self,
        x: Arena<'_, H, [Self::Input; N]>,
        y: &mut [Self::Output; N],
    ) {
        let (a, b) = self;
        let h = half!(A, M, InferBetween::<A, H, N> { net: a, x });
        half!(B, M, InferLast::<B, H, N> { net: b, x: A::Last::pass_held(h), y });
    }

    #[inline(always)]
    fn forward<M: Machine, const N: usize>(
        &self,
        x: &[Self::Input; N],
        tape: &mut Self::Tape<N>,
        y: &mut [Self::Output; N],
    ) {
        let (a, b) = self;
        let PairTape { a: a_tape, h: Aligned(h), b: b_tape } = tape;
        half!(A, M, Forward::<A, N> { net: a, x, tape: a_tape, y: h });
        half!(B, M, Forward::<B, N> { net: b, x: A::Last::pass(h), tape: b_tape, y });
    }

    #[inline(always)]
    fn backward<M: Machine, const N: usize>(
        &self,
        x: &[Self::Input; N],
        tape: &mut Self::Tape<N>,
        y: &[Self::Output; N],
        dy: &mut [Self::Output; N],
        dx: Option<&mut [Self::Input; N]>,
        gradient: &mut Self,
        store: Store,
    ) {
        let mut memory = Room::<[Self::Live<(), Self::Output>; N]>::EMPTY;
        let dy = Arena::holding(&mut memory, &*dy);
        self.backward_first::<M, _, N>(x, tape, y, dy, dx, gradient, store);
    }

    #[inline(always)]
    fn backward_first<M: Machine, H, const N: usize>(
        &self,
        x: &[Self::Input; N],
        tape: &mut Self::Tape<N>,
        y: &[Self::Output; N],
        dy: Arena<'_, H, [Self::Output; N]>,
        dx: Option<&mut [Self::Input; N]>,
        gradient: &mut Self,
        store: Store,
    ) {
        let (a, b) = self;
        let (da, db) = gradient;
        let PairTape { a: a_tape, h: Aligned(h), b: b_tape } = tape;
        let b_pass = {
            let x = A::Last::pass(h);
            BackwardBetween::<B, H, N> { net: b, x, tape: b_tape, y, dy, gradient: db, store }
        };
        let dy = A::Last::pass_back(half!(B, M, b_pass));
        let a_pass = {
            let (y, gradient) = (&*h, da);
            BackwardFirst::<A, H, N> { net: a, x, tape: a_tape, y, dy, dx, gradient, store }
        };
        half!(A, M, a_pass);
    }

    #[inline(always)]
    fn backward_between<'a, M: Machine, H, const N: usize>(
        &self,
        x: &[Self::Input; N],
        tape: &mut Self::Tape<N>,
        y: &[Self::Output; N],
        dy: Arena<'a, H, [Self::Output; N]>,
        gradient: &mut Self,
        store: Store,
    ) -> Arena<'a, H, [Self::Input; N]> {
        let (a, b) = self;
        let (da, db) = gradient;
        let PairTape { a: a_tape, h: Aligned(h), b: b_tape } = tape;
        let b_pass = {
            let x = A::Last::pass(h);
            BackwardBetween::<B, H, N> { net: b, x, tape: b_tape, y, dy, gradient: db, store }
        };
        let dy = A::Last::pass_back(half!(B, M, b_pass));
        let a_pass = {
            let (y, gradient) = (&*h, da);
            BackwardBetween::<A, H, N> { net: a, x, tape: a_tape, y, dy, gradient, store }
        };
        half!(A, M, a_pass)
    }

    #[inline(always)]
    fn descend<M: Machine, const N: usize>(
        &mut self,
        x: &[Self::Input; N],
        tape: &mut Self::Tape<N>,
        y: &[Self::Output; N],
        dy: &mut [Self::Output; N],
        dx: Option<&mut [Self::Input; N]>,
    ) {
        let mut memory = Room::<[Self::Live<(), Self::Output>; N]>::EMPTY;
        let dy = Arena::holding(&mut memory, &*dy);
        self.descend_first::<M, _, N>(x, tape, y, dy, dx);
    }

    #[inline(always)]
    fn descend_first<M: Machine, H, const N: usize>(
        &mut self,
        x: &[Self::Input; N],
        tape: &mut Self::Tape<N>,
        y: &[Self::Output; N],
        dy: Arena<'_, H, [Self::Output; N]>,
        dx: Option<&mut [Self::Input; N]>,
    ) {
        let (a, b) = self;
        let PairTape { a: a_tape, h: Aligned(h), b: b_tape } = tape;
        let x_of_b = A::Last::pass(h);
        let dy = half!(B, M, DescendBetween::<B, H, N> { net: b, x: x_of_b, tape: b_tape, y, dy });
        let dy = A::Last::pass_back(dy);
        half!(A, M, DescendFirst::<A, H, N> { net: a, x, tape: a_tape, y: h, dy, dx });
    }

    #[inline(always)]
    fn descend_between<'a, M: Machine, H, const N: usize>(
        &mut self,
        x: &[Self::Input; N],
        tape: &mut Self::Tape<N>,
        y: &[Self::Output; N],
        dy: Arena<'a, H, [Self::Output; N]>,
    ) -> Arena<'a, H, [Self::Input; N]> {
        let (a, b) = self;
        let PairTape { a: a_tape, h: Aligned(h), b: b_tape } = tape;
        let x_of_b = A::Last::pass(h);
        let dy = half!(B, M, DescendBetween::<B, H, N> { net: b, x: x_of_b, tape: b_tape, y, dy });
        let dy = A::Last::pass_back(dy);
        half!(A, M, DescendBetween::<A, H, N> { net: a, x, tape: a_tape, y: h, dy })
    }

    #[inline(always)]
    fn visit<const K: usize, V: Visitor<K>>(&mut self, mut others: [&mut Self; K], v: &mut V) {
        self.0.visit(parts(&mut others, |other| &mut other.0), v);
        self.1.visit(parts(&mut others, |other| &mut other.1), v);
    }

    fn inspect<I: Inspector>(&self, inspector: &mut I) {
        self.0.inspect(inspector);
        self.1.inspect(inspector);
    }

    fn initialize<R: Rng + ?Sized>(&mut self, how: Option<Init>, rng: &mut R) {
        self.0.initialize(how, rng);
        self.1.initialize(how, rng);
    }

    fn describe(f: &mut dyn FnMut(LayerInfo)) {
        A::describe(f);
        B::describe(f);
    }
}

/// Where two layers meet: what `Self` outputs is what `Next` takes.
///
/// Its one implementation is for `Out` = `In`. That is what lets the compiler name both layers
/// and both sizes when they differ.
#[diagnostic::on_unimplemented(
    message = "`{Self}` outputs `{Out}`, but the next layer `{Next}` takes `{In}`",
    label = "these two layers do not fit",
    note = "change the output size of the first or the input size of the second"
)]
pub trait Feeds<Next, Out, In> {
    /// The output of one layer, seen as the input of the next.
    fn pass<const B: usize>(y: &[Out; B]) -> &[In; B];
    /// The same place in the memory of a prediction.
    #[doc(hidden)]
    fn pass_held<H, const B: usize>(y: Arena<'_, H, [Out; B]>) -> Arena<'_, H, [In; B]>;
    /// The derivative by the input of the next layer, seen as that by the output of the first.
    #[doc(hidden)]
    fn pass_back<H, const B: usize>(dx: Arena<'_, H, [In; B]>) -> Arena<'_, H, [Out; B]>;
}

impl<A, B, S> Feeds<B, S, S> for A {
    #[inline(always)]
    fn pass<const N: usize>(y: &[S; N]) -> &[S; N] {
        y
    }
    #[inline(always)]
    fn pass_held<H, const N: usize>(y: Arena<'_, H, [S; N]>) -> Arena<'_, H, [S; N]> {
        y
    }
    #[inline(always)]
    fn pass_back<H, const N: usize>(dx: Arena<'_, H, [S; N]>) -> Arena<'_, H, [S; N]> {
        dx
    }
}

/// Checks, where it is called in a constant, that the layers of a network fit.
///
/// A `type` alone is never checked by the compiler; this makes the one error appear beside it.
///
/// ```
/// use constgrad::{Dense, Relu, assert_network, net};
///
/// type Net = net![Dense<64, 32, Relu>, Dense<32, 10>];
/// const _: () = assert_network::<Net>();
/// ```
///
/// ```compile_fail
/// use constgrad::{Dense, Relu, assert_network, net};
///
/// type Net = net![Dense<64, 32, Relu>, Dense<33, 10>];
/// const _: () = assert_network::<Net>(); // `Dense<64, 32, Relu>` outputs `[f32; 32]`, but ...
/// ```
pub const fn assert_network<N: Layer>() {}

/// Whether a derivative replaces what is stored, or is added to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Store {
    /// The old value does not matter.
    Overwrite,
    /// The gradients of several passes are summed.
    Add,
}

impl Store {
    /// Stores `value` in `slot`.
    #[inline(always)]
    pub fn put<T: Float>(self, slot: &mut T, value: T) {
        match self {
            Store::Overwrite => *slot = value,
            Store::Add => *slot += value,
        }
    }
}

/// Something done to every tensor of parameters of a network, together with the same tensor of
/// `K` other values of the network's type: an optimizer's update, for example.
pub trait Visitor<const K: usize> {
    /// Handles one tensor; all slices have its length.
    fn tensor<T: Float>(&mut self, parameters: &mut [T], others: [&mut [T]; K]);
}

/// Something that looks at every tensor of parameters of a network: what writes a file, for
/// example.
pub trait Inspector {
    /// Handles one tensor, in the order in which the layer stores it.
    fn tensor<T: Float>(&mut self, parameters: &[T]);
}
