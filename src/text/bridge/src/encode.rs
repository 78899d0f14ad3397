//! Many texts to ids on a given number of threads. The threads live for one call: no pool stays behind to compete with
//! the trainer's, and the ids do not depend on how many there are.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::border::panic_text;
use crate::cut;
use crate::tokenizer::Handle;

/// All texts' ids one after another, the offset of each text's first (one more than there are texts) and, if asked for,
/// for each id whether it is marked.
pub struct Encoded {
    pub ids: Vec<i32>,
    pub offsets: Vec<usize>,
    pub marks: Option<Vec<u8>>,
}

pub type Span = (usize, usize); // bytes [begin, end) of a text

/// One piece of one text.
struct Job<'a> {
    text: usize,
    piece: &'a str,
}

pub fn encode_all(handle: &Handle, texts: &[&str], add_special: bool, threads: usize) -> Result<Encoded, String> {
    let jobs = make_jobs(handle, texts, add_special);
    let pieces = in_parallel(jobs.len(), threads, |index| encode_one(handle, &jobs[index], add_special))?;
    let mut ids = Vec::with_capacity(pieces.iter().map(Vec::len).sum());
    let mut offsets = vec![0; texts.len() + 1];
    for (job, piece_ids) in jobs.iter().zip(&pieces) {
        ids.extend_from_slice(piece_ids);
        offsets[job.text + 1] = ids.len();
    }
    Ok(Encoded { ids, offsets, marks: None })
}

/// Marked are the ids of which a part lies in one of the text's spans (in order, apart from each other).
pub fn encode_marked(handle: &Handle, texts: &[&str], spans: &[Vec<Span>], threads: usize) -> Result<Encoded, String> {
    let rows = in_parallel(texts.len(), threads, |text| mark_one(handle, text, texts[text], &spans[text]))?;
    let mut encoded = Encoded { ids: Vec::new(), offsets: vec![0], marks: None };
    let mut marks = Vec::new();
    for (row_ids, row_marks) in rows {
        encoded.ids.extend(row_ids);
        encoded.offsets.push(encoded.ids.len());
        marks.extend(row_marks);
    }
    encoded.marks = Some(marks);
    Ok(encoded)
}

fn make_jobs<'a>(handle: &Handle, texts: &[&'a str], add_special: bool) -> Vec<Job<'a>> {
    let mut jobs = Vec::with_capacity(texts.len());
    for (text, &whole) in texts.iter().enumerate() {
        let pieces = if handle.exact_cuts && !add_special { cut::pieces(whole) } else { vec![whole] };
        jobs.extend(pieces.into_iter().map(|piece| Job { text, piece }));
    }
    jobs
}

fn thread_count(asked: usize, jobs: usize) -> usize {
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    let wanted = if asked == 0 { cores() } else { asked };
    wanted.min(jobs).max(1)
}

/// `one` of each number below `count`, in their order.
fn in_parallel<T: Send>(count: usize, threads: usize, one: impl Fn(usize) -> Result<T, String> + Sync) -> Result<Vec<T>, String> {
    let threads = thread_count(threads, count);
    if threads == 1 {
        return (0..count).map(one).collect();
    }
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= count {
                return done;
            }
            done.push((index, one(index)));
        }
    };
    let mut results: Vec<Option<Result<T, String>>> = (0..count).map(|_| None).collect();
    std::thread::scope(|scope| -> Result<(), String> {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        for worker in workers {
            let done: Vec<(usize, Result<T, String>)> = worker.join().map_err(|panic| panic_text(panic.as_ref()))?;
            for (index, result) in done {
                results[index] = Some(result);
            }
        }
        Ok(())
    })?;
    results.into_iter().flatten().collect()
}

fn encode_one(handle: &Handle, job: &Job, add_special: bool) -> Result<Vec<i32>, String> {
    let encoding = handle.inner.encode_fast(job.piece, add_special);
    let encoding = encoding.map_err(|fault| format!("text {}: {fault}", job.text))?;
    Ok(encoding.get_ids().iter().map(|&id| id as i32).collect())
}

fn mark_one(handle: &Handle, text: usize, whole: &str, spans: &[Span]) -> Result<(Vec<i32>, Vec<u8>), String> {
    let encoding = handle.inner.encode_char_offsets(whole, false).map_err(|fault| format!("text {text}: {fault}"))?;
    let spans = in_characters(whole, spans);
    let is_marked = |&(begin, end): &Span| spans.iter().any(|&(first, last)| begin < last && first < end);
    let ids = encoding.get_ids().iter().map(|&id| id as i32).collect();
    Ok((ids, encoding.get_offsets().iter().map(|offsets| u8::from(is_marked(offsets))).collect()))
}

/// Spans in bytes as spans in characters, which a tokenizer's offsets count.
fn in_characters(text: &str, spans: &[Span]) -> Vec<Span> {
    let (mut byte, mut character) = (0, 0);
    let mut at = |target: usize| {
        character += text.as_bytes()[byte..target].iter().filter(|&&b| b & 0xC0 != 0x80).count();
        byte = target;
        character
    };
    spans.iter().map(|&(begin, end)| (at(begin), at(end))).collect()
}
