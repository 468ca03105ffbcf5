//! libFuzzer's mutations, with a header whose length is right again.

/// Changes the first `size` bytes of `file`, of which there may be `max` then. Says how many.
pub fn mutate(file: &mut [u8], size: usize, max: usize, seed: u32) -> usize {
    let size = libfuzzer_sys::fuzzer_mutate(file, size, max);
    // Where every length were wrong, nothing behind it would be reached.
    if !seed.is_multiple_of(8)
        && let Some((length, rest)) = file[..size].split_first_chunk_mut()
        && let Some(end) = rest.iter().rposition(|&byte| byte == b'}')
    {
        *length = (end as u64 + 1).to_le_bytes();
    }
    size
}
