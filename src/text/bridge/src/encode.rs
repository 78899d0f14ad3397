//! Many texts to ids on a given number of threads. The threads live for one call: no pool stays behind to compete with
//! the trainer's, and the ids do not depend on how many there are.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::border::panic_text;
use crate::cut;
use crate::tokenizer::Handle;

type Encoded = Result<Vec<i32>, String>;

/// One piece of one text.
struct Job<'a> {
    text: usize,
    piece: &'a str,
}

/// All ids, and the offset of each text's first (one more than there are texts).
pub fn encode_all(handle: &Handle, texts: &[&str], add_special: bool, threads: usize) -> Result<(Vec<i32>, Vec<usize>), String> {
    let jobs = make_jobs(handle, texts, add_special);
    let encoded = run_jobs(handle, &jobs, add_special, thread_count(threads, jobs.len()))?;
    let mut ids = Vec::with_capacity(encoded.iter().map(Vec::len).sum());
    let mut offsets = vec![0; texts.len() + 1];
    for (job, piece_ids) in jobs.iter().zip(&encoded) {
        ids.extend_from_slice(piece_ids);
        offsets[job.text + 1] = ids.len();
    }
    Ok((ids, offsets))
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

fn run_jobs(handle: &Handle, jobs: &[Job], add_special: bool, threads: usize) -> Result<Vec<Vec<i32>>, String> {
    if threads == 1 {
        return jobs.iter().map(|job| encode_one(handle, job, add_special)).collect();
    }
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(job) = jobs.get(index) else { return done };
            done.push((index, encode_one(handle, job, add_special)));
        }
    };
    let mut results: Vec<Encoded> = (0..jobs.len()).map(|_| Ok(Vec::new())).collect();
    std::thread::scope(|scope| -> Result<(), String> {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        for worker in workers {
            let done: Vec<(usize, Encoded)> = worker.join().map_err(|panic| panic_text(panic.as_ref()))?;
            for (index, ids) in done {
                results[index] = ids;
            }
        }
        Ok(())
    })?;
    results.into_iter().collect()
}

fn encode_one(handle: &Handle, job: &Job, add_special: bool) -> Encoded {
    let encoding = handle.inner.encode_fast(job.piece, add_special);
    let encoding = encoding.map_err(|fault| format!("text {}: {fault}", job.text))?;
    Ok(encoding.get_ids().iter().map(|&id| id as i32).collect())
}
