//! `Debug` of a nested network that prints a flat list: pairs and `Debug` are the standard
//! library's, and even the author of `Layer` may not bring them together.
//! error: only traits defined in the current crate can be implemented for arbitrary types

use std::fmt;

trait Layer {
    fn describe(list: &mut fmt::DebugList);
}

impl<A: Layer, B: Layer> fmt::Debug for (A, B) {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let mut list = f.debug_list();
        A::describe(&mut list);
        B::describe(&mut list);
        list.finish()
    }
}

fn main() {}
