//! Sets of channels as bits.
//!
//! Every channel has a bit and every combination that occurs has a number, so a row is counted by one number. The counts by
//! channel are added up at the end.
//!
//! *Easy to get wrong:* beyond [`MAX_COMBINATIONS`], a row counts as "other" among the combinations, but still counts for
//! each of its channels.

use std::collections::HashMap;

use arrow::array::{Array, AsArray, ListArray, StringArray};
use foldhash::fast::FixedState;

use super::super::names::{Names, OTHER, UNKNOWN, position};

/// Maximum number of channels with their own bit; null and all other channels have one bit each, too.
const MAX_CHANNELS: usize = 62;
/// Maximum number of combinations with their own number. Three channels have eight; a longer table is not useful.
const MAX_COMBINATIONS: usize = 256;

/// Maximum number of channels for which reading is optimized; few contacts have more.
const USUAL_CHANNELS: usize = 4;

/// A number that no combination has.
const UNSEEN: u16 = u16::MAX;
/// The number of the combination without any channel.
pub(super) const NONE: u16 = 0;
/// The number of all combinations beyond [`MAX_COMBINATIONS`].
pub(super) const OTHERS: u16 = 1;

/// All channels and their combinations.
#[derive(Debug, Clone)]
pub(super) struct ChannelSets {
    channels: Names,
    sets: Vec<u64>,
    /// The channel numbers of all entries of the lists that are being read.
    entries: Vec<u16>,
    numbers: HashMap<u64, u16, FixedState>,
    /// Numbers of the sets of the first few channels; nearly all sets are among these.
    usual: [u16; 256],
}

impl ChannelSets {
    pub(super) fn new() -> Self {
        let (entries, numbers) = Default::default();
        Self { channels: Names::new(MAX_CHANNELS), sets: vec![0, 0], entries, numbers, usual: [UNSEEN; 256] }
    }

    /// Appends the bits of each row's channels to `sets`.
    pub(super) fn read(&mut self, lists: &ListArray, sets: &mut Vec<u64>) {
        let nulls = lists.nulls().filter(|nulls| nulls.null_count() > 0);
        self.channels.numbers(lists.values().as_string(), &mut self.entries);
        // Padding, so that the fixed number of entries can be read for the last list, too.
        self.entries.extend([UNKNOWN; USUAL_CHANNELS]);
        for (row, ends) in lists.value_offsets().windows(2).enumerate() {
            let (start, end) = (position(ends[0]), position(ends[1]));
            let length = end - start;
            // The number of channels varies, and a mispredicted loop exit costs more than a superfluous iteration.
            let first = self.entries[start..start + USUAL_CHANNELS].iter().zip(0..);
            let mut set = first.fold(0, |set, (number, at)| set | u64::from(at < length) << number);
            if length > USUAL_CHANNELS {
                set = self.entries[start..end].iter().fold(0, |set, number| set | 1 << number);
            }
            sets.push(if nulls.is_some_and(|nulls| nulls.is_null(row)) { 0 } else { set });
        }
    }

    /// The number of a combination.
    #[inline]
    pub(super) fn number(&mut self, set: u64) -> u16 {
        let usual = usize::try_from(set).ok().and_then(|set| self.usual.get(set)).copied().unwrap_or(UNSEEN);
        if usual == UNSEEN { self.look_up(set) } else { usual }
    }

    #[cold]
    fn look_up(&mut self, set: u64) -> u16 {
        let number = match self.numbers.get(&set) {
            Some(&number) => number,
            None if set == 0 => NONE,
            None if self.sets.len() < MAX_COMBINATIONS => {
                let number = u16::try_from(self.sets.len()).expect("there are few combinations");
                self.sets.push(set);
                self.numbers.insert(set, number);
                number
            }
            None => OTHERS,
        };
        if let Some(usual) = usize::try_from(set).ok().and_then(|set| self.usual.get_mut(set)) {
            *usual = number;
        }
        number
    }

    /// The bit of a channel, if the channel has its own.
    pub(super) fn bit(&self, channel: &str) -> Option<u64> {
        self.channels.known(channel).filter(|&number| number != OTHER && number != UNKNOWN).map(|number| 1 << number)
    }

    /// Names of the channels of a set of bits.
    pub(super) fn names(&self, set: u64) -> impl Iterator<Item = &str> {
        (0..self.channels.len()).filter(move |number| set >> number & 1 == 1).map(|number| self.channels.name(number))
    }

    /// All combinations except [`NONE`] and [`OTHERS`], with their numbers.
    pub(super) fn sets(&self) -> impl Iterator<Item = (usize, u64)> {
        self.sets.iter().copied().enumerate().skip(2)
    }
}

/// Whether a list contains a text.
pub(super) fn holds(lists: &ListArray, row: usize, text: &str) -> bool {
    let names: &StringArray = lists.values().as_string();
    let ends = lists.value_offsets();
    (position(ends[row])..position(ends[row + 1])).any(|at| names.is_valid(at) && names.value(at) == text)
}

#[cfg(test)]
mod tests {
    use arrow::array::{ListBuilder, StringBuilder};

    use super::*;

    #[test]
    fn lists_of_any_length_are_read() {
        let mut lists = ListBuilder::new(StringBuilder::new());
        for length in 0..=USUAL_CHANNELS + 2 {
            lists.append_value((0..length).map(|channel| Some(format!("channel{channel}"))));
        }
        lists.append_null();
        lists.append_value([Some("channel5")]);
        let (mut channels, mut sets) = (ChannelSets::new(), Vec::new());
        channels.read(&lists.finish(), &mut sets);
        let names: Vec<Vec<&str>> = sets.iter().map(|&set| channels.names(set).collect()).collect();
        let lengths: Vec<usize> = names.iter().map(Vec::len).collect();
        assert_eq!(lengths, [0, 1, 2, 3, 4, 5, 6, 0, 1]);
        assert_eq!((names[2].as_slice(), names[8].as_slice()), (&["channel0", "channel1"][..], &["channel5"][..]));
    }
}
