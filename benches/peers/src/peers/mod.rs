//! Who competes. One file each, written as somebody would who knows that library: one thread, the
//! memory kept from one call to the next where the library allows it.

#[cfg(feature = "libraries")]
mod blas;
#[cfg(feature = "frameworks")]
mod burn;
pub mod c;
#[cfg(feature = "frameworks")]
mod candle;
pub mod constgrad;
#[cfg(feature = "frameworks")]
mod dfdx;
#[cfg(feature = "libraries")]
mod hand;
#[cfg(feature = "libraries")]
mod nalgebra;
#[cfg(rltools)]
mod rltools;
#[cfg(rtneural)]
mod rtneural;
mod rust;
#[cfg(feature = "frameworks")]
mod tract;

use crate::Contender;
use crate::workload::Problem;

/// A peer of this process.
pub struct Peer {
    pub name: &'static str,
    /// The workload, from its weights; or why the peer does not do it.
    pub enter: fn(&Problem) -> Result<Box<dyn Contender>, String>,
}

/// All of them, ourselves first. That is inlined, and so compiled as the program is which calls it,
/// without flags: what the others are compiled with does not make constgrad quicker.
#[inline]
pub fn all() -> Vec<Peer> {
    vec![
        Peer { name: "constgrad", enter: constgrad::enter },
        Peer { name: "Rust loops", enter: rust::enter },
        Peer { name: "C", enter: c::enter },
        Peer { name: "RTNeural xsimd", enter: rtneural::xsimd },
        Peer { name: "RTNeural Eigen", enter: rtneural::eigen },
        Peer { name: "RLtools", enter: rltools::enter },
        #[cfg(feature = "libraries")]
        Peer { name: "nalgebra", enter: nalgebra::enter },
        #[cfg(feature = "libraries")]
        Peer { name: "ndarray", enter: hand::enter::<hand::Ndarray> },
        #[cfg(feature = "libraries")]
        Peer { name: "matrixmultiply", enter: hand::enter::<hand::Matrixmultiply> },
        #[cfg(feature = "libraries")]
        Peer { name: "gemm", enter: hand::enter::<hand::Gemm> },
        #[cfg(feature = "libraries")]
        Peer { name: "faer", enter: hand::enter::<hand::Faer> },
        #[cfg(feature = "libraries")]
        Peer { name: "libxsmm", enter: blas::Xsmm::enter },
        #[cfg(feature = "libraries")]
        Peer { name: "MKL", enter: blas::Mkl::enter },
        #[cfg(feature = "libraries")]
        Peer { name: "OpenBLAS", enter: blas::OpenBlas::enter },
        #[cfg(feature = "frameworks")]
        Peer { name: "burn", enter: burn::enter },
        #[cfg(feature = "frameworks")]
        Peer { name: "candle", enter: candle::enter },
        #[cfg(feature = "frameworks")]
        Peer { name: "dfdx", enter: dfdx::enter },
        #[cfg(feature = "frameworks")]
        Peer { name: "tract", enter: tract::enter },
    ]
}

/// Why `peer` is absent.
fn absent<T>(reason: &str) -> Result<T, String> {
    Err(reason.into())
}

/// In place of a peer whose sources are missing.
#[cfg(not(all(rltools, rtneural)))]
pub fn not_fetched(_: &Problem) -> Result<Box<dyn Contender>, String> {
    absent("not fetched: see run")
}

#[cfg(not(rltools))]
mod rltools {
    pub use super::not_fetched as enter;
}

#[cfg(not(rtneural))]
mod rtneural {
    pub use super::{not_fetched as eigen, not_fetched as xsimd};
}
