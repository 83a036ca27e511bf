/** Puts the events of `again (sink, repository, event, place)` at the end of their queues, in the order of `place`. */
export const APPEND_AGAIN = `added as (
    select sink, repository, count(*) as number from again group by sink, repository
  ), queue as (
    update ledger.outbox as held
    set last_position = held.last_position + added.number,
        due_at = case when held.done_position = held.last_position then clock_timestamp()
                      else held.due_at end
    from added where held.sink = added.sink and held.repository = added.repository
    returning held.sink, held.repository, held.last_position - added.number as base
  )
  insert into ledger.delivery (sink, repository, position, event)
  select again.sink, again.repository, queue.base + again.place, again.event
  from again join queue on queue.sink = again.sink and queue.repository = again.repository`;
