package sqlstore

import "time"

// Stats is the state of the connections, for metrics.
type Stats struct {
	Max, Open, InUse, Idle int
	Waited                 int64         // how often somebody waited for a connection, since Open
	WaitedFor              time.Duration // and how long in all
}

// Stats returns the state of the connections; on SQLite, of the one that writes.
func (s *Store) Stats() Stats {
	if s.pool != nil {
		p, d := s.pool.Stat(), s.write.Stats()
		return Stats{Max: int(p.MaxConns()), Open: int(p.TotalConns()), InUse: int(p.AcquiredConns()), Idle: int(p.IdleConns()),
			Waited: d.WaitCount + p.EmptyAcquireCount(), WaitedFor: d.WaitDuration + p.EmptyAcquireWaitTime()}
	}
	d := s.write.Stats()
	return Stats{Max: d.MaxOpenConnections, Open: d.OpenConnections, InUse: d.InUse, Idle: d.Idle, Waited: d.WaitCount, WaitedFor: d.WaitDuration}
}
