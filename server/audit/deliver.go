package audit

import (
	"context"
	"time"
)

const (
	firstWait  = 100 * time.Millisecond // before the second attempt; it doubles with each
	longestOff = 5 * time.Second
	attempt    = 10 * time.Second // that one write may take
)

// run writes what comes through the queue until the log is closed and the queue is empty.
func (l *Log) run() {
	defer close(l.done)
	batch := make([][]byte, 0, batchLines)
	for {
		batch = l.collect(batch[:0])
		if len(batch) == 0 {
			break
		}
		l.deliver(batch)
		clear(batch)
	}
	if lost := l.lost.Load(); lost > 0 {
		l.logger.Error("audit log closed with lines lost", "lost", lost)
	}
}

// collect waits for a line and takes the ones that come soon after. It returns none when the log is closed.
func (l *Log) collect(batch [][]byte) [][]byte {
	select {
	case line := <-l.lines:
		batch = append(batch, line)
	case <-l.stopping:
	}
	if l.delay > 0 && len(batch) > 0 {
		timer := time.NewTimer(l.delay)
		defer timer.Stop()
		for waiting := true; waiting && len(batch) < batchLines; {
			select {
			case line := <-l.lines:
				batch = append(batch, line)
			case <-timer.C:
				waiting = false
			case <-l.stopping:
				waiting = false
			}
		}
	}
	for len(batch) < batchLines {
		select {
		case line := <-l.lines:
			batch = append(batch, line)
		default:
			return batch
		}
	}
	return batch
}

// deliver writes a batch, with as many attempts as it takes until Close gives up.
func (l *Log) deliver(batch [][]byte) {
	stopping, wait := l.stopping, firstWait
	var since time.Time // of the first failure
	for {
		ctx, cancel := context.WithTimeout(l.ctx, attempt)
		done, refused, err := l.sink.write(ctx, batch)
		cancel()
		if refused > 0 {
			l.lose(refused, errRefused)
		}
		l.written.Add(uint64(done - refused))
		l.release(batch[:done])
		batch = batch[done:]
		if err == nil {
			if !since.IsZero() {
				l.logger.Info("audit log can be written again", "after", time.Since(since).Round(time.Millisecond))
			}
			return
		}
		if since.IsZero() {
			since = time.Now()
			l.logger.Warn("audit log cannot be written, lines wait", "error", err)
		}
		if done > 0 {
			wait = firstWait
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
			wait = min(2*wait, longestOff)
		case <-stopping: // the next attempt is one of the last: there is no time to wait long
			stopping, wait = nil, firstWait
		case <-l.ctx.Done():
			l.lose(len(batch), err)
			l.dropped += len(batch)
			l.release(batch)
			timer.Stop()
			return
		}
		timer.Stop()
		if stopping == nil {
			wait = firstWait
		}
	}
}

// release makes room in the queue.
func (l *Log) release(lines [][]byte) {
	var n int
	for _, line := range lines {
		n += len(line)
	}
	l.held.Add(-int64(n))
}
