//! Chance as an argument: whoever needs unpredictable bytes is handed the source.

/// A source of bytes: the operating system's in production, a seeded one in a simulation.
pub trait Entropy {
    /// Fills `out` with bytes nobody can predict (or, in a simulation, the seed's next bytes).
    fn fill(&mut self, out: &mut [u8]);

    /// `N` bytes at once.
    fn bytes<const N: usize>(&mut self) -> [u8; N]
    where
        Self: Sized,
    {
        let mut out = [0; N];
        self.fill(&mut out);
        out
    }
}

impl<E: Entropy + ?Sized> Entropy for &mut E {
    fn fill(&mut self, out: &mut [u8]) {
        (**self).fill(out);
    }
}
