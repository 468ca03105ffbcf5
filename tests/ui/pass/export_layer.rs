use constgrad::prelude::*;
use constgrad::{Dense, Init, Inspector, Layer, Machine, Relu, Store, Visitor, export, net};
use rand::Rng;

/// y = x.
struct Pass;

impl Zero for Pass {
    const ZERO: Self = Pass;
}

impl Shape for Pass {
    type Input = [f32; 3];
    type Output = [f32; 3];
    type First = Self;
    type Last = Self;
    type Live<X: Copy, Y: Copy> = (X, Y);
}

impl Layer for Pass {
    type Tape<const B: usize> = ();

    fn infer<M: Machine, const B: usize>(&self, x: &[[f32; 3]; B], y: &mut [[f32; 3]; B]) {
        *y = *x;
    }
    fn forward<M: Machine, const B: usize>(
        &self,
        x: &[[f32; 3]; B],
        (): &mut (),
        y: &mut [[f32; 3]; B],
    ) {
        *y = *x;
    }
    fn backward<M: Machine, const B: usize>(
        &self,
        _: &[[f32; 3]; B],
        (): &mut (),
        _: &[[f32; 3]; B],
        dy: &mut [[f32; 3]; B],
        dx: Option<&mut [[f32; 3]; B]>,
        _: &mut Self,
        _: Store,
    ) {
        if let Some(dx) = dx {
            *dx = *dy;
        }
    }
    fn visit<const K: usize, V: Visitor<K>>(&mut self, _: [&mut Self; K], _: &mut V) {}
    fn inspect<I: Inspector>(&self, _: &mut I) {}
    fn initialize<R: Rng + ?Sized>(&mut self, _: Option<Init>, _: &mut R) {}
}

type Net = net![Dense<2, 3, Relu>, Pass, Dense<3, 1>];

fn main() {
    let (first, _) = Net::ZERO;
    export::rust(&first, "Net", &mut String::new()).unwrap();
}
