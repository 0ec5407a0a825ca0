/* SPDX-License-Identifier: MIT */
/*
 * barrier.pml -- a model of the write barrier, the task log, the writer and a dump.
 *
 * Checked by Spin over all interleavings, with a crash at any moment:
 *
 *   (a) what is acknowledged is durable, and is applied exactly once, whatever
 *       crashed in between;
 *   (b) while the barrier is up nobody commits to the database, except the dump
 *       its own end;
 *   (c) a dump holds exactly the commits before its view, and every task that
 *       was acknowledged before it, either applied or queued: a prefix, nothing
 *       lost, nothing twice;
 *   (d) nobody hangs: a raise ends or gives up, the writer goes on after it.
 *
 * C functions   submit      task_submit() and the log thread (task/log.c)
 *               Writer      task__writer_run(), barrier_enter(), barrier_leave()
 *               Dumper      backup/run.c; barrier_raise(), barrier_lower()
 *               recover     task_queue_open(): log entries without an end in the
 *                           database are queued again
 *
 * Task ids are 0 .. N-1 in the order of the log. Durable state: n_log, ended[].
 * Volatile: everything else. The planted faults (see barrier_model.sh) prove that the
 * assertions can fail:
 *   -DPLANT_NO_WAIT    raising does not wait for the running commit
 *   -DPLANT_SPLIT      a task's effect and its end are two commits
 *   -DPLANT_ACK_EARLY  acknowledged before the log is durable
 */
#define N 3

/* Durable. */
byte n_log;          /* entries synced in the log */
bool ended[N];       /* status in the database */
byte applied[N];     /* how often the effect is in the database */

/* The world outside. */
byte n_acked;        /* tasks whose client was told "accepted" */
bool dumped_ended[N];
byte dumped_log;     /* acknowledged tasks in the dump, applied or queued */
byte dump_acked;     /* acknowledged when the view was made */
bool dump_taken;

/* Volatile. */
bool raised;
byte n_inside;
bool committing;
bool busy_dump;
byte life;           /* rises with every crash: threads of older lives are gone */
byte crashes;

#define UP (raised && n_inside == 0)

/* Clients, one after another: send, the log thread syncs (group commit), the answer. */
proctype Clients(byte mine)
{
    do
    :: atomic { life != mine || n_acked == N -> break }
#ifdef PLANT_ACK_EARLY
    :: atomic { life == mine && n_acked < N && n_log == n_acked -> n_acked++ }
    :: atomic { life == mine && n_log < n_acked -> n_log++ }
#else
    :: atomic { life == mine && n_log < N && n_log == n_acked -> n_log++ }
    :: atomic { life == mine && n_acked < n_log -> n_acked++ }
#endif
    od
}

proctype Writer(byte mine)
{
    byte i;
    do
    :: atomic { life != mine -> break }
    :: atomic { life == mine ->
        /* the first queued task */
        i = 0;
        do
        :: i < n_log && ended[i] -> i++
        :: else -> break
        od;
        if
        :: i == N -> break
        :: i < N && i >= n_log -> i = N /* nothing to do yet */
        :: else
        fi }
       if
       :: i < N ->
          /* barrier_enter() */
          atomic { life != mine || !raised -> if :: life == mine -> n_inside++ :: else fi }
          atomic { if :: life == mine -> committing = true :: else fi }
#ifdef PLANT_SPLIT
          atomic { if :: life == mine -> applied[i]++ :: else fi }
          atomic { if :: life == mine -> ended[i] = true; committing = false :: else fi }
#else
          /* store_commit(): effect and end in one batch */
          atomic { if
                   :: life == mine ->
                      assert(!UP);
                      applied[i]++;
                      ended[i] = true;
                      committing = false
                   :: else
                   fi }
#endif
          /* barrier_leave() */
          atomic { if :: life == mine -> n_inside-- :: else fi }
       :: else
       fi
    od
}

proctype Dumper(byte mine)
{
    byte k;
    /* barrier_raise() */
    atomic { if :: life == mine && !raised -> raised = true; busy_dump = true :: else fi }
    if
    :: atomic { busy_dump && life == mine -> skip };
#ifndef PLANT_NO_WAIT
       if
       :: atomic { life != mine -> goto gone }
       :: atomic { life == mine && n_inside == 0 -> skip }
       :: atomic { life == mine && n_inside > 0 -> /* timeout */
            raised = false; busy_dump = false; goto gone }
       fi;
#endif
       /* catalog_view_open() and task_export_all() see one moment, because nobody commits */
       atomic { if
                :: life == mine ->
                   assert(!committing);
                   dump_acked = n_acked;
                   k = 0;
                   do
                   :: k < N -> dumped_ended[k] = ended[k]; k++
                   :: else -> break
                   od
                :: else -> goto gone
                fi }
       /* ... reading takes its time: clients go on, the database must not change ... */
       atomic { if
                :: life == mine ->
                   assert(!committing);
                   k = 0;
                   do
                   :: k < N -> assert(dumped_ended[k] == ended[k]); assert(applied[k] == ended[k]); k++
                   :: else -> break
                   od;
                   dumped_log = n_log;
                   dump_taken = true;
                   assert(dumped_log >= dump_acked);
                   /* a prefix of the order of commits */
                   assert(!(dumped_ended[1] && !dumped_ended[0]));
                   assert(!(dumped_ended[2] && !dumped_ended[1]))
                :: else -> goto gone
                fi }
       /* barrier_lower() */
       atomic { if :: life == mine -> raised = false; busy_dump = false :: else fi }
    :: else
    fi;
gone:
    skip
}

active proctype World()
{
    byte k;

    atomic { run Clients(0); run Writer(0); run Dumper(0) }
    do
    :: atomic { crashes < 1 -> /* at any moment: what is volatile is lost */
        crashes++;
        life++;
        raised = false;
        n_inside = 0;
        committing = false;
        busy_dump = false;
        assert(n_acked <= n_log); /* (a) */
        run Clients(life); run Writer(life); run Dumper(life) }
    :: break
    od;
    /* (d): the end is reached in every run; (a): all of it applied exactly once */
    atomic { (_nr_pr == 1) ->
        assert(!raised && n_inside == 0);
        assert(n_acked == N && n_log == N);
        k = 0;
        do
        :: k < N -> assert(ended[k] && applied[k] == 1); k++
        :: else -> break
        od }
}
