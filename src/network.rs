//! What a user does with a network: the verbs.

use core::fmt::{Debug, Display};
use core::marker::PhantomData;

use rand::Rng;

use crate::budget::{Layers, Summary};
use crate::error::LengthError;
use crate::init::Init;
use crate::kernel::{SPARES_STACK, Task, dispatch, predict};
#[cfg(feature = "parallel")]
use crate::parallel;
use crate::pass::Infer;
use crate::{Layer, Machine, Shape};

/// Samples that [`predict_batch`](Network::predict_batch) takes through the network together.
const BLOCK: usize = 16;

/// Parameters of a network from which fewer samples gain from blocks too: of 8 and of 4.
const SMALL: usize = 320;

/// Layers of a network up to which the compiler is to make passes for these blocks: 64 layers would
/// take it a third longer.
const DEEP: usize = 32;

/// Whether a network takes what is left of a batch in smaller blocks.
const fn has_small_blocks<N: Shape>() -> bool {
    !SPARES_STACK && N::PARAMS >= SMALL && N::LAYERS <= DEEP
}

/// If more are left than this, they would take longer than a block of 16, some of it a second time.
const fn few<N: Shape>() -> usize {
    if SPARES_STACK {
        BLOCK
    } else if has_small_blocks::<N>() {
        12
    } else {
        10
    }
}

/// Bytes of a network from which 2 samples gain from a block: one of them waits for the weights.
const FIRST_CACHE: usize = 48 << 10;

/// What a user does with a network; in the [`prelude`](crate::prelude).
///
/// Every type with a [`Shape`] has these methods. If two of its layers do not fit, calling one is
/// a compile error that names them.
pub trait Network: Shape {
    /// Draws new weights as each layer's activation wants them ([`Init`]); biases become zero.
    fn init<R: Rng + ?Sized>(&mut self, rng: &mut R)
    where
        Self: Layer,
    {
        self.initialize(None, rng);
    }

    /// Draws the weights of all layers in one way; biases become zero.
    fn init_with<R: Rng + ?Sized>(&mut self, how: Init, rng: &mut R)
    where
        Self: Layer,
    {
        self.initialize(Some(how), rng);
    }

    /// The output for one sample.
    ///
    /// The activations between the layers are on the stack meanwhile, the largest two neighbours
    /// at once, and so may be the output, which is returned by value.
    ///
    /// ```
    /// use constgrad::prelude::*;
    /// use constgrad::{Dense, Tanh};
    ///
    /// let layer: Dense<2, 1, Tanh> = Dense::new([[1.0, -1.0]], [0.0]);
    /// assert_eq!(layer.predict(&[3.0, 3.0]), [0.0]);
    /// ```
    fn predict(&self, x: &Self::Input) -> Self::Output
    where
        Self: Layer,
    {
        predict(self, x)
    }

    /// The outputs for any number of samples, quicker than one by one.
    ///
    /// Works on blocks of 16 samples: 16 times the largest two neighbouring activations between
    /// the layers are on the stack. What is left is taken in smaller blocks where that is quicker, and
    /// one by one by networks of more than 32 layers or of few parameters, and on chips; some samples
    /// may be computed twice. The last digits may differ from those of [`predict`](Self::predict),
    /// which adds in another order. If the lengths differ nothing is written.
    ///
    /// # Errors
    /// [`LengthError`] if there are more or fewer outputs than inputs.
    fn predict_batch(
        &self,
        inputs: &[Self::Input],
        outputs: &mut [Self::Output],
    ) -> Result<(), LengthError>
    where
        Self: Layer,
    {
        LengthError::check("outputs", outputs.len(), inputs.len())?;
        dispatch(InferMany { net: self, x: inputs, y: outputs });
        Ok(())
    }

    /// As [`predict_batch`](Self::predict_batch), with the same bits, on several threads if there
    /// is enough to do: from 2²⁰ multiply-accumulates ([`MACS`](Shape::MACS) · samples), and more
    /// samples than one block of 16.
    ///
    /// The threads are those of the rayon pool that the caller is in, the global one by default;
    /// see [`ParallelTrainer`](crate::ParallelTrainer). Within the pool nothing is allocated.
    ///
    /// # Errors
    /// [`LengthError`] if there are more or fewer outputs than inputs.
    #[cfg(feature = "parallel")]
    fn predict_batch_parallel(
        &self,
        inputs: &[Self::Input],
        outputs: &mut [Self::Output],
    ) -> Result<(), LengthError>
    where
        Self: Layer<Input: Sync, Output: Send> + Sync,
    {
        LengthError::check("outputs", outputs.len(), inputs.len())?;
        // The last whole block stays with what is left, if that takes some of it again.
        let left = inputs.len() % BLOCK;
        let again = if left > few::<Self>() { BLOCK } else { 0 };
        let whole = (inputs.len() - left).saturating_sub(again);
        let (x_blocks, x_rest) = inputs.split_at(whole);
        let (y_blocks, y_rest) = outputs.split_at_mut(whole);
        let x_blocks = x_blocks.as_chunks::<BLOCK>().0;
        let y_blocks = y_blocks.as_chunks_mut::<BLOCK>().0;
        let blocks = || {
            let macs = Self::MACS.saturating_mul(BLOCK);
            parallel::predict_batch(x_blocks, y_blocks, macs, &|x, y| {
                dispatch(InferEach { net: self, x, y });
            });
        };
        let macs = if whole > 0 { Self::MACS.saturating_mul(inputs.len()) } else { 0 };
        parallel::join(macs, blocks, || {
            dispatch(InferMany { net: self, x: x_rest, y: y_rest });
        });
        Ok(())
    }

    /// A table of the layers with their outputs, parameters, multiply-accumulates and bytes.
    ///
    /// ```
    /// use constgrad::prelude::*;
    /// use constgrad::{Dense, Relu, net};
    ///
    /// println!("{}", <net![Dense<64, 32, Relu>, Dense<32, 10>]>::summary());
    /// ```
    fn summary() -> impl Display
    where
        Self: Layer,
    {
        Summary(PhantomData::<Self>)
    }

    /// The layers as one flat list for `{:?}`, however they are nested.
    ///
    /// ```
    /// use constgrad::prelude::*;
    /// use constgrad::{Dense, Relu, Tanh};
    ///
    /// type Net = (Dense<8, 4, Relu>, (Dense<4, 4, Tanh>, Dense<4, 2>));
    /// let text = format!("{:?}", Net::layers());
    /// assert_eq!(text, "[Dense<8, 4, Relu>, Dense<4, 4, Tanh>, Dense<4, 2>]");
    /// ```
    ///
    /// `{:?}` of a network itself prints its pairs as pairs, with the weights in them. That is the
    /// standard library's, and Rust lets no other crate print pairs in another way:
    ///
    /// ```compile_fail,E0117
    /// # use std::fmt;
    /// trait Layer {}
    /// impl<A: Layer, B: Layer> fmt::Debug for (A, B) {
    ///     fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
    ///         todo!()
    ///     }
    /// }
    /// ```
    fn layers() -> impl Debug
    where
        Self: Layer,
    {
        Layers(PhantomData::<Self>)
    }
}

impl<N: Shape> Network for N {}

/// [`Network::predict_batch`], for slices of one length.
struct InferMany<'a, N: Layer> {
    net: &'a N,
    x: &'a [N::Input],
    y: &'a mut [N::Output],
}

impl<N: Layer> Task for InferMany<'_, N> {
    type Output = ();

    #[inline(always)]
    fn run<M: Machine>(self) {
        let mut left = self.blocks::<M, BLOCK>(few::<N>());
        if const { has_small_blocks::<N>() } {
            left = left.blocks::<M, 8>(5).blocks::<M, 4>(2);
            if const { size_of::<N>() > FIRST_CACHE } {
                left = left.blocks::<M, 2>(1);
            }
        }
        left.blocks::<M, 1>(0);
    }
}

impl<N: Layer> InferMany<'_, N> {
    /// Predicts in blocks of `B` samples, and gives what is left. If that were more than a `few`,
    /// which would take longer than a block, the last block takes some of the one before again.
    #[inline(always)]
    fn blocks<M: Machine, const B: usize>(self, few: usize) -> Self {
        let InferMany { net, x, y } = self;
        let (x_blocks, x_rest) = x.as_chunks();
        InferEach { net, x: x_blocks, y: y.as_chunks_mut::<B>().0 }.run::<M>();
        if x_rest.len() > few
            && let (Some(x), Some(y)) = (x.last_chunk(), y.last_chunk_mut::<B>())
        {
            M::run(Infer { net, x, y });
            return InferMany { net, x: &[], y: &mut [] };
        }
        InferMany { net, x: x_rest, y: y.as_chunks_mut::<B>().1 }
    }
}

/// Predictions in blocks of `B`.
struct InferEach<'a, N: Layer, const B: usize> {
    net: &'a N,
    x: &'a [[N::Input; B]],
    y: &'a mut [[N::Output; B]],
}

impl<N: Layer, const B: usize> Task for InferEach<'_, N, B> {
    type Output = ();

    #[inline(always)]
    fn run<M: Machine>(self) {
        for (x, y) in self.x.iter().zip(self.y) {
            M::run(Infer { net: self.net, x, y });
        }
    }
}
