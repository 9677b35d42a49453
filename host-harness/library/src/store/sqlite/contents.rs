//! The big part of a work item, packed: JSON repeats itself so much that three to five items fit where one would, and bytes are what wears
//! out flash. The packing has a checksum too, so a flipped bit is noticed.

use std::io::{Error, ErrorKind, Read, Write};

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use serde_json::Value;

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
    match serde_json::from_slice(&json) {
        Ok(contents) => Ok(contents),
        Err(why) => older(&json).ok_or_else(|| why.into()),
    }
}

/// What a build wrote that did not know all fields of an entry yet: those that are missing get what an entry without them means.
fn older(json: &[u8]) -> Option<(Task, Option<Box<EndedCall>>)> {
    let mut kept: Value = serde_json::from_slice(json).ok()?;
    let entry = kept.pointer_mut("/0/Journal/entry")?.as_object_mut()?;
    entry.entry("answered_elsewhere").or_insert(Value::Bool(false));
    serde_json::from_value(kept).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Kind;

    #[test]
    fn an_entry_of_an_older_build_is_read_as_if_nobody_else_had_answered() {
        let Task::Journal { about, mut entry } = super::super::blank::task(Kind::Journal) else { panic!() };
        entry.answered_elsewhere = true;
        let task = Task::Journal { about, entry };
        let now = packed(&task, None).unwrap();
        assert_eq!(unpacked(&now).unwrap().0, task);
        let mut kept = serde_json::to_value((&task, None::<EndedCall>)).unwrap();
        let fields = kept.pointer_mut("/0/Journal/entry").unwrap().as_object_mut().unwrap();
        assert_eq!(fields.remove("answered_elsewhere"), Some(Value::Bool(true)));
        let mut packer = ZlibEncoder::new(Vec::new(), Compression::default());
        packer.write_all(&serde_json::to_vec(&kept).unwrap()).unwrap();
        let Task::Journal { entry, .. } = unpacked(&packer.finish().unwrap()).unwrap().0 else { panic!() };
        assert!(!entry.answered_elsewhere);
    }

    #[test]
    fn what_is_no_task_is_an_error() {
        let mut packer = ZlibEncoder::new(Vec::new(), Compression::default());
        packer.write_all(b"[{\"Journal\":{\"entry\":{}}},null]").unwrap();
        assert!(unpacked(&packer.finish().unwrap()).is_err());
    }
}
