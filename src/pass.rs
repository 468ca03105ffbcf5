//! The passes of a network as [`Task`]s: for a machine, and for the halves of a pair.
//!
//! A pair inlines the passes of its halves, so that those of a small network become one function.
//! In a deep one this would copy the passes of the last layers into those of the layers before,
//! and these again: the compiler's work would grow with the square of the depth. So a pass of
//! eight layers, or of any multiple, is a function of its own.

use crate::kernel::{Arena, Task};
use crate::{Layer, Machine, Store};

/// Does a pass of an `N`, which is half of a pair.
macro_rules! half {
    ($N:ident, $M:ident, $task:expr) => {{
        let task = $task;
        if const { $N::LAYERS.is_multiple_of(8) } { $M::run(task) } else { task.run::<$M>() }
    }};
}
pub(crate) use half;

/// [`Layer::infer`].
pub(crate) struct Infer<'a, N: Layer, const B: usize> {
    pub(crate) net: &'a N,
    pub(crate) x: &'a [N::Input; B],
    pub(crate) y: &'a mut [N::Output; B],
}

impl<N: Layer, const B: usize> Task for Infer<'_, N, B> {
    type Output = ();

    #[inline(always)]
    fn run<M: Machine>(self) {
        self.net.infer::<M, B>(self.x, self.y);
    }
}

/// [`Layer::infer_first`].
pub(crate) struct InferFirst<'a, 'm, N: Layer, H, const B: usize> {
    pub(crate) net: &'a N,
    pub(crate) x: &'a [N::Input; B],
    pub(crate) arena: Arena<'m, H, ()>,
}

impl<'m, N: Layer, H, const B: usize> Task for InferFirst<'_, 'm, N, H, B> {
    type Output = Arena<'m, H, [N::Output; B]>;

    #[inline(always)]
    fn run<M: Machine>(self) -> Self::Output {
        self.net.infer_first::<M, H, B>(self.x, self.arena)
    }
}

/// [`Layer::infer_between`].
pub(crate) struct InferBetween<'a, 'm, N: Layer, H, const B: usize> {
    pub(crate) net: &'a N,
    pub(crate) x: Arena<'m, H, [N::Input; B]>,
}

impl<'m, N: Layer, H, const B: usize> Task for InferBetween<'_, 'm, N, H, B> {
    type Output = Arena<'m, H, [N::Output; B]>;

    #[inline(always)]
    fn run<M: Machine>(self) -> Self::Output {
        self.net.infer_between::<M, H, B>(self.x)
    }
}

/// [`Layer::infer_last`].
pub(crate) struct InferLast<'a, 'm, N: Layer, H, const B: usize> {
    pub(crate) net: &'a N,
    pub(crate) x: Arena<'m, H, [N::Input; B]>,
    pub(crate) y: &'a mut [N::Output; B],
}

impl<N: Layer, H, const B: usize> Task for InferLast<'_, '_, N, H, B> {
    type Output = ();

    #[inline(always)]
    fn run<M: Machine>(self) {
        self.net.infer_last::<M, H, B>(self.x, self.y);
    }
}

/// [`Layer::forward`].
pub(crate) struct Forward<'a, N: Layer, const B: usize> {
    pub(crate) net: &'a N,
    pub(crate) x: &'a [N::Input; B],
    pub(crate) tape: &'a mut N::Tape<B>,
    pub(crate) y: &'a mut [N::Output; B],
}

impl<N: Layer, const B: usize> Task for Forward<'_, N, B> {
    type Output = ();

    #[inline(always)]
    fn run<M: Machine>(self) {
        self.net.forward::<M, B>(self.x, self.tape, self.y);
    }
}

/// [`Layer::backward_first`].
pub(crate) struct BackwardFirst<'a, 'm, N: Layer, H, const B: usize> {
    pub(crate) net: &'a N,
    pub(crate) x: &'a [N::Input; B],
    pub(crate) tape: &'a mut N::Tape<B>,
    pub(crate) y: &'a [N::Output; B],
    pub(crate) dy: Arena<'m, H, [N::Output; B]>,
    pub(crate) dx: Option<&'a mut [N::Input; B]>,
    pub(crate) gradient: &'a mut N,
    pub(crate) store: Store,
}

impl<N: Layer, H, const B: usize> Task for BackwardFirst<'_, '_, N, H, B> {
    type Output = ();

    #[inline(always)]
    fn run<M: Machine>(self) {
        let BackwardFirst { net, x, tape, y, dy, dx, gradient, store } = self;
        net.backward_first::<M, H, B>(x, tape, y, dy, dx, gradient, store);
    }
}

/// [`Layer::backward_between`].
pub(crate) struct BackwardBetween<'a, 'm, N: Layer, H, const B: usize> {
    pub(crate) net: &'a N,
    pub(crate) x: &'a [N::Input; B],
    pub(crate) tape: &'a mut N::Tape<B>,
    pub(crate) y: &'a [N::Output; B],
    pub(crate) dy: Arena<'m, H, [N::Output; B]>,
    pub(crate) gradient: &'a mut N,
    pub(crate) store: Store,
}

impl<'m, N: Layer, H, const B: usize> Task for BackwardBetween<'_, 'm, N, H, B> {
    type Output = Arena<'m, H, [N::Input; B]>;

    #[inline(always)]
    fn run<M: Machine>(self) -> Self::Output {
        let BackwardBetween { net, x, tape, y, dy, gradient, store } = self;
        net.backward_between::<M, H, B>(x, tape, y, dy, gradient, store)
    }
}

/// [`Layer::descend_first`].
pub(crate) struct DescendFirst<'a, 'm, N: Layer, H, const B: usize> {
    pub(crate) net: &'a mut N,
    pub(crate) x: &'a [N::Input; B],
    pub(crate) tape: &'a mut N::Tape<B>,
    pub(crate) y: &'a [N::Output; B],
    pub(crate) dy: Arena<'m, H, [N::Output; B]>,
    pub(crate) dx: Option<&'a mut [N::Input; B]>,
}

impl<N: Layer, H, const B: usize> Task for DescendFirst<'_, '_, N, H, B> {
    type Output = ();

    #[inline(always)]
    fn run<M: Machine>(self) {
        let DescendFirst { net, x, tape, y, dy, dx } = self;
        net.descend_first::<M, H, B>(x, tape, y, dy, dx);
    }
}

/// [`Layer::descend_between`].
pub(crate) struct DescendBetween<'a, 'm, N: Layer, H, const B: usize> {
    pub(crate) net: &'a mut N,
    pub(crate) x: &'a [N::Input; B],
    pub(crate) tape: &'a mut N::Tape<B>,
    pub(crate) y: &'a [N::Output; B],
    pub(crate) dy: Arena<'m, H, [N::Output; B]>,
}

impl<'m, N: Layer, H, const B: usize> Task for DescendBetween<'_, 'm, N, H, B> {
    type Output = Arena<'m, H, [N::Input; B]>;

    #[inline(always)]
    fn run<M: Machine>(self) -> Self::Output {
        let DescendBetween { net, x, tape, y, dy } = self;
        net.descend_between::<M, H, B>(x, tape, y, dy)
    }
}
