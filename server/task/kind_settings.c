/* SPDX-License-Identifier: MIT */
/* kind_settings.c -- what a change of settings does: it may make its index, too. */
#include "index/index.h"
#include "task/task_int.h"

enum rc task__run_settings(struct task__run *run, task_record *task, struct err *err)
{
    struct bytes patch = bytes_of(task->settings_change.data, task->settings_change.len);
    uint32_t index_id = 0;
    enum rc rc;

    rc = task__need_index(run, task, &index_id, err);
    if (rc == RC_OK)
        rc = change_settings(run->change, index_id, patch, run->now_ns, err);
    return rc;
}
