//! Whether a file is what a network needs: the same for the compiler and at run time.

use super::error::{Problem, WeightsError};
use super::file::{Entry, SafeTensors, TensorView};
use super::json::{Quoted, ok};
use super::names::Names;
use super::number::first_not_finite;
use crate::Shape;
use crate::tensors::{Dtype, Place, Plan, TensorInfo};

/// A file that has every tensor of a network as the network needs it, and no other.
#[derive(Clone, Copy)]
pub(super) struct Checked<'a> {
    pub(super) file: SafeTensors<'a>,
    pub(super) names: Names<'a>,
}

/// Checks a file for a network.
pub(super) fn check<'a, N: Shape>(
    bytes: &'a [u8],
    names: Names<'a>,
) -> Result<Checked<'a>, WeightsError> {
    const { assert_listed::<N>() };
    names.check(N::LAYERS)?;
    let file = Checked { file: SafeTensors::parse(bytes)?, names };
    file.check_rest(N::PLAN)?;
    let mut layer = 0;
    while let Some(place) = N::PLAN.get(layer) {
        for tensor in place.tensors {
            file.tensor(place, tensor)?;
        }
        layer += 1;
    }
    Ok(file)
}

/// Fails the build if a layer's tensors are not all of its parameters: a layer of the user's own
/// may have forgotten to list them.
pub(super) const fn assert_listed<N: Shape>() {
    assert!(
        N::PLAN.numbers() == N::PARAMS,
        "the `TENSORS` of a layer are not all of its `PARAMS`: they are what files have"
    );
}

impl<'a> Checked<'a> {
    /// The tensor of a layer.
    pub(super) const fn find(&self, place: Place, tensor: &TensorInfo) -> Option<Entry<'a>> {
        let mut entries = self.file.entries();
        loop {
            let mut here = entries;
            match entries.next_name() {
                Ok(Some(name)) if self.names.matches(name, place, tensor) => match here.next() {
                    Ok(entry) => return entry,
                    Err(_) => return None,
                },
                Ok(Some(_)) => {}
                _ => return None,
            }
        }
    }

    /// The tensor of a layer, if its shape, type and numbers are as they must be.
    pub(super) const fn tensor(
        &self,
        place: Place,
        needed: &'static TensorInfo,
    ) -> Result<TensorView<'a>, WeightsError> {
        let layer = place.name;
        let Some(entry) = self.find(place, needed) else {
            let name = self.names.text(place, needed);
            return Err(WeightsError::named(name, Problem::Missing { layer, needed }));
        };
        if !entry.has_shape(needed.shape()) {
            let found = entry.shape_text();
            return entry.error(Problem::Shape { found, layer, needed });
        }
        if !matches!(entry.dtype, Dtype::F64 | Dtype::F32 | Dtype::F16 | Dtype::BF16) {
            return entry.error(Problem::Type { found: entry.dtype, layer, needed });
        }
        let tensor = entry.view(self.file.data());
        match first_not_finite(tensor.data(), entry.dtype, needed.dtype()) {
            Some(index) => entry.error(Problem::NonFinite { index, layer }),
            None => Ok(tensor),
        }
    }

    /// That there are no tensors besides those of the plan, unless some of these are missing.
    pub(super) const fn check_rest(&self, plan: &'static Plan) -> Result<(), WeightsError> {
        let mut found = 0;
        let mut entries = self.file.entries();
        while let Some(name) = ok!(entries.next_name()) {
            found += !self.names.ignores(name) as usize;
        }
        if found == plan.tensors() {
            return Ok(());
        }
        let mut entries = self.file.entries();
        while let Some(name) = ok!(entries.next_name()) {
            if !self.names.ignores(name) && !self.is_in(name, plan) {
                let layers = plan.layers();
                return Err(WeightsError::of(name, Problem::Foreign { layers }));
            }
        }
        Ok(())
    }

    const fn is_in(&self, name: Quoted<'_>, plan: &'static Plan) -> bool {
        let mut layer = 0;
        while let Some(place) = plan.get(layer) {
            let mut tensor = 0;
            while tensor < place.tensors.len() {
                if self.names.matches(name, place, &place.tensors[tensor]) {
                    return true;
                }
                tensor += 1;
            }
            layer += 1;
        }
        false
    }
}
