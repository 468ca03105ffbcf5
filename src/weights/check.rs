//! Whether a file is what a network needs: the same for the compiler and at run time.

use super::error::{Problem, WeightsError};
use super::file::{Entry, SafeTensors};
use super::json::ok;
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
pub(super) const fn check<'a, N: Shape>(
    bytes: &'a [u8],
    names: Names<'a>,
) -> Result<Checked<'a>, WeightsError> {
    // In each layer of the crate they are; a layer of a user's own may forget one.
    const { assert!(N::PLAN.numbers() == N::PARAMS, "a layer's `TENSORS` are not all its `PARAMS`") };
    check_plan(bytes, N::PLAN, names)
}

const fn check_plan<'a>(
    bytes: &'a [u8],
    plan: &'static Plan,
    names: Names<'a>,
) -> Result<Checked<'a>, WeightsError> {
    ok!(names.check(plan.layers()));
    let file = ok!(SafeTensors::parse(bytes));
    let checked = Checked { file, names };
    let mut layer = 0;
    while let Some(place) = plan.get(layer) {
        let mut tensor = 0;
        while tensor < place.tensors.len() {
            ok!(checked.check_tensor(place, &place.tensors[tensor]));
            tensor += 1;
        }
        layer += 1;
    }
    ok!(checked.check_rest(plan));
    Ok(checked)
}

impl<'a> Checked<'a> {
    /// The tensor of a layer.
    pub(super) const fn find(&self, place: Place, tensor: &TensorInfo) -> Option<Entry<'a>> {
        let mut entries = self.file.entries();
        while let Ok(Some(entry)) = entries.next() {
            if self.names.matches(entry.name, place, tensor) {
                return Some(entry);
            }
        }
        None
    }

    /// Shape, type and numbers of a tensor.
    const fn check_tensor(
        &self,
        place: Place,
        needed: &'static TensorInfo,
    ) -> Result<(), WeightsError> {
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
        let data = entry.view(self.file.data()).data();
        match first_not_finite(data, entry.dtype, needed.dtype()) {
            Some(index) => entry.error(Problem::NonFinite { index, layer }),
            None => Ok(()),
        }
    }

    /// That there are no tensors besides those of the plan, which are there.
    const fn check_rest(&self, plan: &'static Plan) -> Result<(), WeightsError> {
        let mut found = 0;
        let mut entries = self.file.entries();
        while let Some(entry) = ok!(entries.next()) {
            found += !self.names.ignores(entry.name) as usize;
        }
        if found == plan.tensors() {
            return Ok(());
        }
        let mut entries = self.file.entries();
        while let Some(entry) = ok!(entries.next()) {
            if !self.names.ignores(entry.name) && !self.is_in(entry, plan) {
                return entry.error(Problem::Foreign { layers: plan.layers() });
            }
        }
        Ok(())
    }

    const fn is_in(&self, entry: Entry<'_>, plan: &'static Plan) -> bool {
        let mut layer = 0;
        while let Some(place) = plan.get(layer) {
            let mut tensor = 0;
            while tensor < place.tensors.len() {
                if self.names.matches(entry.name, place, &place.tensors[tensor]) {
                    return true;
                }
                tensor += 1;
            }
            layer += 1;
        }
        false
    }
}
