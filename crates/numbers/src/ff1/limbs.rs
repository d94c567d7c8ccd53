//! Whole numbers of any size, as far as FF1 needs them: from digits, to and from bytes, and digit
//! by digit out again. Limbs of 32 bits, least significant first. Wipes itself on drop.

use zeroize::Zeroizing;

pub(super) struct Limbs(Zeroizing<Vec<u32>>);

impl Limbs {
    /// The number that `digits` write in `radix`, most significant first: NUM_radix(X).
    pub(super) fn from_digits(digits: &[u16], radix: u32) -> Self {
        // A digit adds at most 17 bits; room for all keeps copies of the number from staying
        // behind.
        let mut limbs = Vec::with_capacity(digits.len() * 17 / 32 + 2);
        for digit in digits {
            let mut carry = u64::from(*digit);
            for limb in &mut limbs {
                let wide = u64::from(*limb) * u64::from(radix) + carry;
                *limb = wide as u32;
                carry = wide >> 32;
            }
            if carry != 0 {
                limbs.push(carry as u32);
            }
        }
        Self(Zeroizing::new(limbs))
    }

    pub(super) fn from_be_bytes(bytes: &[u8]) -> Self {
        let limbs = bytes
            .rchunks(4)
            .map(|chunk| chunk.iter().fold(0, |limb, byte| limb << 8 | u32::from(*byte)))
            .collect();
        Self(Zeroizing::new(limbs))
    }

    /// How many bytes the number takes without leading zeros.
    pub(super) fn byte_len(&self) -> usize {
        let top = self.0.iter().rposition(|limb| *limb != 0);
        top.map_or(0, |index| index * 4 + (32 - self.0[index].leading_zeros()).div_ceil(8) as usize)
    }

    /// Fills `bytes` from the right; bytes beyond the number stay as they are.
    pub(super) fn write_be_bytes(&self, bytes: &mut [u8]) {
        let little = self.0.iter().flat_map(|limb| limb.to_le_bytes());
        bytes.iter_mut().rev().zip(little).for_each(|(byte, from)| *byte = from);
    }

    /// Divides by `radix` and gives the remainder: the least significant digit left.
    pub(super) fn take_digit(&mut self, radix: u32) -> u32 {
        let mut rest = 0;
        for limb in self.0.iter_mut().rev() {
            let wide = rest << 32 | u64::from(*limb);
            *limb = (wide / u64::from(radix)) as u32;
            rest = wide % u64::from(radix);
        }
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
        rest as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_come_out_as_they_went_in() {
        for radix in [2u32, 10, 255, 256, 65_535, 65_536] {
            let digits: Vec<u16> =
                (1..60u32).map(|i| (i.wrapping_mul(2_654_435_761) % radix) as u16).collect();
            let mut limbs = Limbs::from_digits(&digits, radix);
            let back: Vec<u16> = digits.iter().map(|_| limbs.take_digit(radix) as u16).collect();
            assert_eq!(back.into_iter().rev().collect::<Vec<_>>(), digits, "radix {radix}");
            assert_eq!(limbs.byte_len(), 0);
        }
    }

    #[test]
    fn bytes_agree_with_machine_integers() {
        let limbs = Limbs::from_digits(&[1, 8, 4, 4, 6, 7, 4, 4, 0, 7, 3, 7, 0, 9, 5, 5], 10);
        assert_eq!(limbs.byte_len(), 7);
        let mut bytes = [0xEE; 9];
        limbs.write_be_bytes(&mut bytes[1..]);
        assert_eq!(bytes[1..], 1_844_674_407_370_955u64.to_be_bytes());
        assert_eq!(bytes[0], 0xEE);
        let mut again = Limbs::from_be_bytes(&bytes[2..]);
        assert_eq!(again.take_digit(10), 5);
        assert_eq!(again.take_digit(1000), 95);
    }

    #[test]
    fn byte_len_is_the_specification_s_b() {
        // b = ceil(ceil(v · log2 radix) / 8)
        for (v, radix, b) in [(5, 10, 3), (6, 10, 3), (9, 10, 4), (10, 10, 5), (8, 2, 1), (9, 2, 2)]
        {
            assert_eq!(Limbs::from_digits(&vec![radix as u16 - 1; v], radix).byte_len(), b);
        }
    }
}
