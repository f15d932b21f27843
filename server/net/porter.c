#include "net/porter.h"

static bool is_full(const struct porter *porter, const struct limits *limits, uint64_t account)
{
    uint64_t own = 0;
    for (size_t i = 0; i < porter->count; i++)
        own += porter->accounts[i] == account;
    return porter->count == PORTER_MAX ||
           (limits->transfers > 0 && porter->count >= limits->transfers) ||
           (limits->account_transfers > 0 && own >= limits->account_transfers);
}

bool porter_enter(struct porter *porter, const struct limits *limits, uint64_t account)
{
    pthread_mutex_lock(&porter->lock);
    bool enters = !is_full(porter, limits, account);
    if (enters)
        porter->accounts[porter->count++] = account;
    pthread_mutex_unlock(&porter->lock);
    return enters;
}

void porter_leave(struct porter *porter, uint64_t account)
{
    pthread_mutex_lock(&porter->lock);
    for (size_t i = 0; i < porter->count; i++)
        if (porter->accounts[i] == account) {
            porter->accounts[i] = porter->accounts[--porter->count];
            break;
        }
    pthread_mutex_unlock(&porter->lock);
}
