//! Where the time goes: the number types and their functions, the machines and their vectors, and
//! the three products of a dense layer.
//!
//! The rest of the crate says *what* is computed; this module decides how. It is also the only
//! one with `unsafe` in it: entering code that is compiled for a machine which was found at run
//! time, vectors and the memory they are loaded from, assembly, writing a constant into a fresh box,
//! memory that holds one activation or derivative at each end, an output that is written where its
//! caller wants it, and the same part of several networks.
//!
//! | file | |
//! |---|---|
//! | `machine`, `level` | what a pass is compiled for, and which of these runs |
//! | `lanes` | vectors of numbers, for each target |
//! | `panels` | the order in which W is stored |
//! | `product` | s = W h + b, ∂J/∂W = Σ δ hᵀ, g = Wᵀ δ |
//! | `arena` | memory for the activations of a prediction, the derivatives of a backward pass |
//! | `fresh` | what is in that memory first; a prediction without a copy |
//! | `elementwise`, `functions` | activations over a batch; exp, tanh and their kin |
//! | `tanh` | tanh of `f32` from a table, where there are no vectors or `unfused` is on |
//! | `rounding` | whether a product and its sum are rounded once or twice |
//! | `adam` | the step of Adam on an Arm FPU, and by AVX-512 |
//! | `claim` | weights that a thread will change, claimed from other cores in time |
//! | `processor` | what depends on its maker and family |
//! | `float`, `bits` | the number types; numbers of their bits |
//! | `root` | square roots, with `std` and without |
//! | `boxed`, `bytes`, `part` | a box, the bytes, and the same part of several networks |
//!
//! # What was tried
//!
//! On one core of an AMD Zen 4 with AVX-512, in nanoseconds, each pair measured side by side:
//!
//! | | loops over arrays, vectorised by the compiler | vectors of `core::arch` |
//! |---|---|---|
//! | 784-128-64-10, one sample | 7,690 | 3,810 |
//! | the same, 64 samples | 141,700 | 120,500 |
//! | 64-32-10, a step of 32 samples | 8,890 | 4,740 |
//! | 784-128-64-10, a step of 128 samples | 952,000 | 542,000 |
//! | 17-256-256-6, a step of 256 samples | 1,898,000 | 1,030,000 |
//! | 64 layers, predict and train, to compile | 130 s of CPU | 10 s of CPU |
//!
//! Arrays cannot say "the first 10 of 16", so that sizes which are no multiple of a vector were
//! slow; each size and batch was code of its own, so that the compiler was slow. `elementwise` is
//! such loops: a function of one number, which a user may write, is vectorised by the compiler.
//!
//! The same tiles of sums written with `pulp` 0.22 and with `wide` 1.7, in nanoseconds; in
//! brackets built with `-C target-cpu=native`:
//!
//! | | `core::arch` | `pulp`, AVX2 | `wide` |
//! |---|---|---|---|
//! | 784 → 128, 64 samples | 109,800 (109,100) | 199,000 (152,300) | 443,200 (179,600) |
//! | 64 → 64, one sample | 98 (96) | 209 (204) | 324 (207) |
//!
//! `pulp` finds the level at run time, up to AVX2 as it comes; `wide` knows what it is built for alone.
//! With its feature `x86-v4` `pulp` has AVX-512 too: on the Xeon below the quickest of four tiles took
//! 66 µs for 784 → 128 with 64 samples where these take 64, and 118 as it comes; 64 → 64 took 61 ns, 60
//! here, 83 as it comes. So its vectors are as quick where rows are whole. What it lacks is for rows
//! that are not, permutations and half vectors, and one trait for vectors and a chip's FPU.
//!
//! Other choices, with what they gave on that machine:
//!
//! - Layers begin at a line of the cache: 64-64 for one sample 25 % quicker, an update by Adam of
//!   109,000 parameters twice as quick, than when vectors lie across two lines. W is stored in
//!   panels of a line (`panels`), so that its rows do not lie across lines where outputs are no
//!   multiple of 16: in rows of 65, 65-65 took one sample a third longer.
//! - A tile of 4 × 3 vectors of AVX2 does not fit into 16 registers beside its factors: one sum
//!   spilled halves the speed. 6 × 2 reaches 93 % of the peak, 4 × 2 80 %.
//! - Relu is the end of each tile: as a pass of its own it was 5 % of 16-64-64-10 for one sample,
//!   and 20 of 314 ns of 32-32 forward with 16 samples. Any other activation is such a pass, over a
//!   batch that is still in the cache. The end of a tile would save no more than those 20 ns, where
//!   tanh of the 512 numbers takes 184, and every shape of a tile would be code of its own for every
//!   activation. With a function that each tile calls when it is stored, forward of 16 to 256 outputs took
//!   on the Xeon below, by AVX-512, 7 % less to 2 % more with Tanh, 4 % less to 5 % more with Silu, and 0 to 5 %
//!   more with LeakyRelu, whose work is no more than the call; by AVX2 2 % less to 9 % more. Called for each
//!   block of columns when all its rows are done, it took as long as the pass for up to 64 outputs, and 0 to
//!   3 % longer for more.
//! - f′ is a pass with the gradient of the bias: for 16 outputs or more it adds that up in
//!   passing. By itself the gradient took 85 ns for 32 outputs of 64 samples, since a sum waits for
//!   the one before. At the end of the tiles of g = Wᵀ δ f′ is no quicker, and a layer would have to
//!   know the activation of the one before it. Backward of 16 layers of 32-32 relu, ns a layer, the
//!   least of nine runs in turns:
//!
//!   | samples | a pass of its own | f′ in the tiles | the sum for the bias too |
//!   |---|---|---|---|
//!   | 16 | 652 | 652 | 661 |
//!   | 32 | 1,220 | 1,226 | 1,232 |
//!   | 64 | 2,374 | 2,402 | 2,380 |
//!
//!   Where rows are in the second cache it could save 1 % at most: a step of 17-256-256-6 with 256
//!   samples takes 964 µs without any activation, and 969 to 974 with Relu and this pass.
//!
//!   On the Xeon below this pass is 2 % of a step of 16 such layers with 16 samples, and 3.5 % with 32 and
//!   64: no more could be gained. In the first tiles of ∂J/∂W, which go through all rows of δ anyway and
//!   need not know another layer, it takes as long: steps took 1 % longer to 1 % less.
//!
//! - A derivative that needs s is computed with h, in one pass, and kept instead of s. Backward would
//!   compute a normal distribution or an exponential again: on the Xeon below a step of two layers
//!   64-64 with 64 samples takes 31.1 µs with Gelu instead of 42.4, 27.7 with GeluTanh instead of 33.2, 21.7
//!   with Silu instead of 25.7.
//! - What a function computes for one sample is handed over in registers. A struct is handed over
//!   in memory, and the first weight is loaded the later: 64-32 took 64 ns instead of 53.
//! - Outputs beyond a multiple of 16 are taken 8 rows at a time, the factors permuted, or blended (below). A row at a
//!   time, with masks, 64-2 took 24 ns instead of 8, 64-31 80 instead of 64. On the Xeon below, which has one
//!   unit for permutations, those of AVX-512, which have 16 places, are half as many: 64-10 takes 20 ns
//!   instead of 28, 784-10 185 instead of 320, and 16-64-64-10 101 instead of 136. With few inputs half
//!   vectors are quicker, or for 13 outputs and more whole ones a row at a time: 15-15 10 instead of 13. By what
//!   the instructions cost it should be no loss on the Zen 4.
//! - A layer of 1 to 4 outputs takes each sample of a batch by itself, like a single one. As rows
//!   of vectors beside each other, most of which is empty, 128-1 took 508 ns for 16 samples on the
//!   Xeon below instead of 112, 128-2 509 instead of 187, 128-4 472 instead of 320; vectors of AVX2
//!   467, 461, 438 instead of 122, 214, 352. Vectors of 4 numbers gain nothing, and with 3 outputs
//!   take 964 instead of 616: it is done there too, for the same sums everywhere. In `f64` all
//!   would lose, up to twice as long.
//! - Fewer than 16 samples are predicted in blocks of 8 and 4. One by one, on the Xeon below, 8
//!   took 452 ns by 64-32-10 instead of 284 and 27.0 µs by 784-128-64-10 instead of 11.1; 4 took
//!   216 instead of 175, and 13.9 instead of 5.8. A block of 2 is a gain where weights are not in
//!   the first cache, 6.0 µs to 3.6, and a loss where they are, 112 ns to 140; of 8 and 4, a loss
//!   for less than 320 parameters.
//! - The outputs of a batch beyond a multiple of 16 by half vectors, where half is enough: with 16
//!   samples 64-8 takes 172 ns forward instead of 284, 32-33 390 instead of 442. So it is on the Zen 4,
//!   which does two halves in a cycle or one whole vector. The Xeon below does two whole ones, and halves
//!   are no quicker: a step of 16-2 with 16 samples takes 175 ns by a masked vector instead of 250. Functions
//!   for all sizes ask which of them it is (`processor`). Code that is inlined does not, and is for smaller
//!   products: asked in 2-16-1, a step of 4 samples took 5 % longer.
//! - The weights of a single output are one row, of which ∂J/∂W and g take whole vectors: a step of
//!   2-16-1 with 4 samples took 888 instructions of AVX2, where a column of one number took 1,038.
//! - Blocks of columns are functions of their own, two for each width, which a product of one
//!   block calls directly: one for the largest tiles, one for the rows that are left. Those of
//!   whole vectors are apart, and have no masks. W is packed into whole lines of the cache. With
//!   16 samples 32-32 took 294 ns forward and 667 backward with these, and 319 and 785 without.
//!   One function for all rows took 305 forward; a function for each shape of a tile made a step
//!   of 64-32-10 with 32 samples 1 % slower.
//! - To a loss that is a mean over the outputs those of all samples are one row, whose sum has 32 places,
//!   or 16, 8 or 1 for less; the last are taken with some of those before again. On the Xeon below, where
//!   each sample is a row of its own, a step of 8-1 with 64 samples takes 1,450 ns instead of 310 with a
//!   binary cross-entropy, and 250 instead of 240 with a squared error; 8-10 takes 2,700 instead of 1,410,
//!   and 490 instead of 380. With ln(1 + e^−|y|) by one function instead of two that is 1,150. With 16 places the sum of 64-64 is waited for: 2,380 ns instead of 1,160.
//! - f′ and the gradient of the bias take 64 numbers of a row at a time. With 16 a step of
//!   17-256-256-6 with 256 samples, whose rows are not in the first cache, took 1 % longer; and
//!   another 0.5 % longer when 32 rows of Wᵀ were packed at a time instead of 64.
//! - Where outputs are no multiple of 16, the last two chunks of a row overlap in the pass of f′: on the
//!   Xeon below it saves 31-31 8 % of backward with 16 samples, against two passes. One pass that masks its
//!   last numbers saved it 2 % on the Zen 4, and cost 32-32 2 %. Below 16 outputs it is two passes.
//! - If more rows are left than the next smaller tile has, the last tile begins before them, and computes
//!   some rows again. In ∂J/∂W of 31 inputs 15 were left, for tiles of 8, 4, 2 and 1, each of which waits
//!   for its sums: backward with 16 samples takes 11 % less on the Xeon below.
//! - A single output beyond a multiple of 16 has its weights beside each other, and ∂J/∂W takes it as a
//!   row of whole vectors: backward of 17-17 with 16 samples takes 25 % less there.
//! - The gradient's rows of less than a vector may be stored whole, over the row behind, which is
//!   stored next. It saves 31-31 less than 1 % of backward.
//! - Packing W between the products of the first tile, or in registers instead of memory, is no gain;
//!   and to load rows whole and store their halves apart is a loss, 665 ns backward instead of 652.
//! - The derivatives between layers take turns in one arena. With a place for each, backward of 16
//!   layers of 32-32 with 16 samples takes 665 ns a layer instead of 652, which is 2.2 times
//!   forward; if zeros are written there first, 2.4 times.
//! - To fetch the lines of the gradient or of activations before they are needed is a loss of 10 to
//!   40 ns a layer, also where they are not in the second cache.
//! - Tiles compiled for the sizes of a product, but not inlined, are no quicker than those for all.
//!
//! An Intel Xeon with two units of 512 bits does the products of AVX-512 in half the cycles, so that
//! what is beside them counts twice. There, each pair measured side by side:
//!
//! - Three rows of a tile share a pointer, and rows that are neighbours need one alone. With a pointer
//!   that goes from row to row, the additions take the place of products: 784-128-64-10 took 64 samples
//!   6 % longer, and a step of 128 3 %. The compiler, where it sees how pointers are computed, has eight
//!   instead, some of them in memory: a step of 64-32-10 with 32 samples took 5 % longer. A term at a
//!   time, the tiles of AVX2, of fewer rows, do better by themselves: with pointers hidden 64-32 took 7 %
//!   longer. With four at a time they are hidden (below).
//! - Tiles of 9 to 16 columns have 16 rows. With 8, whose sums wait for each other, 256-16 took 6 %
//!   longer.
//! - W is transposed 16 by 16 numbers, for which three quarters of the shuffles do, of which there is one
//!   a cycle. 8 by 8 it is 14 % of backward of 32-32 with 16 samples, which took 3 to 6 % longer; on the
//!   Zen 4 as long.
//! - f′ and the gradient of the bias take 32 columns at once where there are no more. With 16 twice,
//!   backward of 32-32 with 32 samples took 2 % longer.
//! - A moment of an optimizer that has decayed to a subnormal number makes the processor stop for it:
//!   after four epochs of MNIST, with 1 % of them such, steps of 784-128-64-10 took twice as long. They
//!   are set to 0 before (`optimizer`).
//! - By AVX-512 the root in Adam's step is products from an estimate, correctly rounded (`adam`). The
//!   processor's own waits for the quotient in the same unit, 24 cycles for 16 parameters: a step of
//!   109,000 takes 34 to 38 µs instead of 44.
//! - g = Wᵀ δ with a sample in each place of a vector, for which δ and g are transposed instead of W: where
//!   that is half as much, 96-96 and 128-128 with 16 samples, backward of two layers took 4 to 5 % less, by
//!   AVX2 too; 64-64 2 to 6 % less. With more samples, and where W is not in the first cache, it gained
//!   nothing or lost: no second way for so little.
//! - Tried, and left. Four terms of a sum at a time, by AVX-512: predictions of 784-128-64-10 took 2 % less,
//!   steps 1 to 2 % more. Sums in parts, for which the first cache holds the columns: steps of 784-128-64-10 with
//!   128 samples took 2 % less, of 17-256-256-6 with 256 no less, predictions up to 5 % more. Columns
//!   fetched before they are needed: 64-64 took 5 % longer. 12 rows of two vectors: no gain.
//!
//! An AMD Zen 3, a virtual machine without AVX-512, has at times no more than half of a core, whose other
//! thread is then somebody else's: whatever is beside the products takes their place. There, by AVX2, in
//! such times (in brackets otherwise), each pair measured side by side:
//!
//! - Pointers of rows are hidden from the compiler as above, and four terms of a sum are added by one turn
//!   of a loop: 20 operations beside each other for 12 products of vectors, where 28 were. 784-128-64-10 takes
//!   64 samples 20 % less (the same), 64-64 forward with 64 samples 15 % less (1 % less); a step of 17-256-256-6
//!   with 256 samples, with what follows, 14 % less (3 %). By SSE2 it took 2 to 5 % longer, and is not done.
//! - ∂J/∂W of 192 inputs and 32 samples or more packs the columns of δ, 64 samples at a time. Rows that are apart by a
//!   power of two lie in few places of the first cache: 256-256 with 256 samples takes 6 to 12 % less,
//!   784-128 with 64 samples 3 to 7 %. 64-64 would take 4 to 8 % more.
//! - Wᵀ is packed as wide as a tile of AVX2: 32 columns, of which 16 are used at a time, took 1 to 2 %
//!   longer. With 128 rows instead of 64 it took 1 % less, and twice the stack.
//! - Of one sample four inputs are loaded at once, and shuffled: 64-64 takes 10 % less (the same).
//! - Where a layer has 4 or 8 chains, half of them are done at a time, of twice as many outputs. An input
//!   is loaded half as often: 128-16 takes 16 % less, 64-32 3 to 5 %. First the even chains, which are
//!   added up and stored, then the odd ones: in registers the even ones would push out the places that the
//!   loop shuffles by, which it then loads in each turn. To store them takes another 6 % off 64-32, and
//!   13 % off 16-24. Half of the chains are so little in a turn that its loop is a fifth of the instructions:
//!   two turns at once make 64-32-10 622 instead of 729, which is as quick where the first cache is what
//!   bounds, and takes 6 % less where another tenant shares the core. Where all chains are done at a time,
//!   it made 16-64 8 to 19 % longer.
//! - In a last panel of 5 or more outputs a vector holds three rows at the most: to blend their inputs is
//!   quicker than to permute, which takes two cycles there. 64-10 takes 39 ns instead of 57. Masks are
//!   part of the instructions, and the compiler does not know where the loop ends: with masks in registers,
//!   or a loop that it unrolls, inputs are stored on the stack and loaded again, half of them across two
//!   lines of the cache. 32-5 and 32-10 take 22 to 25 % less, 32-13 30 to 37 %, 32-15 7 to 12 %. With the
//!   halves of chains above 64-32-10 takes 11 to 13 % less.

pub(crate) mod adam;
mod arena;
pub(crate) mod bits;
#[cfg(feature = "alloc")]
pub mod boxed;
#[cfg(feature = "bytemuck")]
mod bytes;
#[cfg(feature = "parallel")]
mod claim;
#[cfg(not(feature = "parallel"))]
#[path = "no_claim.rs"]
mod claim;
pub(crate) mod elementwise;
mod float;
mod fresh;
pub mod functions;
mod lanes;
#[cfg(feature = "std")]
mod level;
mod machine;
pub(crate) mod panels;
mod part;
mod processor;
pub(crate) mod product;
mod root;
pub mod rounding;
mod tanh;

pub use arena::{Aligned, Arena, Larger, Room};
pub(crate) use claim::Claim;
pub use float::Float;
pub use fresh::Fresh;
pub(crate) use fresh::predict;
#[cfg(feature = "std")]
pub use level::{Level, LevelError, UnknownLevel};
pub use machine::{Machine, Task};
pub(crate) use machine::{dispatch, dispatch_made};
pub(crate) use panels::Panels;
pub(crate) use part::parts;

/// Whether small work is inlined into its layer's pass: in a debug build only products without vectors are.
/// Without optimisation it would be no quicker, and a test of many small networks took five times as long to
/// compile.
pub(crate) const INLINES: bool = cfg!(any(test, not(debug_assertions)));

/// Whether stack is dearer than a function call: on chips.
pub(crate) const SPARES_STACK: bool = lanes::PLAIN;
