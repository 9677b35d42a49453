//! The big part of a work item, packed: JSON repeats itself so much that three to five items fit where one would, and bytes are what wears
//! out flash. The packing has a checksum too, so a flipped bit is noticed.

use std::io::{Error, ErrorKind, Read, Write};

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;

use crate::store::{EndedCall, Task};

/// Longest JSON that is read back. What a work item may hold is bounded far below.
const LONGEST: u64 = 16 * 1024 * 1024;

/// Task and ended call as they are kept: zlib around JSON of both.
pub(super) fn packed(task: &Task, ended: Option<&EndedCall>) -> std::io::Result<Vec<u8>> {
    let mut packer = ZlibEncoder::new(Vec::with_capacity(1024), Compression::default());
    packer.write_all(&serde_json::to_vec(&(task, ended))?)?;
    packer.finish()
}

/// What was kept.
pub(super) fn unpacked(bytes: &[u8]) -> std::io::Result<(Task, Option<Box<EndedCall>>)> {
    let mut json = Vec::new();
    let read = ZlibDecoder::new(bytes).take(LONGEST + 1).read_to_end(&mut json)?;
    if u64::try_from(read).is_ok_and(|read| read > LONGEST) {
        return Err(Error::new(ErrorKind::InvalidData, "it is too long"));
    }
    Ok(serde_json::from_slice(&json)?)
}
