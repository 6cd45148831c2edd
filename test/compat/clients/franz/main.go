// A member of a group by franz-go: franz [range|cooperative-sticky] PORT GROUP TOPIC…
//
// Speaks with the test over its standard streams as clients/taking.ts does, and commits what it has taken.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

const commitEvery = 10

func main() {
	balancer, port, group, topics := os.Args[1], os.Args[2], os.Args[3], os.Args[4:]
	heard := listen()
	client, err := kgo.NewClient(
		kgo.SeedBrokers("127.0.0.1:"+port),
		kgo.ClientID("franz"),
		kgo.ConsumerGroup(group),
		kgo.ConsumeTopics(topics...),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.Balancers(map[string]kgo.GroupBalancer{
			"range":              kgo.RangeBalancer(),
			"cooperative-sticky": kgo.CooperativeStickyBalancer(),
		}[balancer]),
		kgo.SessionTimeout(6*time.Second),
		kgo.HeartbeatInterval(200*time.Millisecond),
		kgo.FetchMaxWait(100*time.Millisecond),
		kgo.DisableAutoCommit(),
		// No rebalance between what is polled and its commit.
		kgo.BlockRebalanceOnPoll(),
		kgo.OnPartitionsRevoked(func(ctx context.Context, client *kgo.Client, _ map[string][]int32) {
			commit(ctx, client)
		}),
		kgo.RetryBackoffFn(func(int) time.Duration { return 100 * time.Millisecond }),
	)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	work(client, heard)
	commit(context.Background(), client)
	client.LeaveGroup()
	client.Close()
}

func listen() chan string {
	heard := make(chan string, 16)
	go func() {
		lines := bufio.NewScanner(os.Stdin)
		for lines.Scan() {
			heard <- lines.Text()
		}
		heard <- "stop"
	}()
	return heard
}

// work takes records until it is told to stop.
func work(client *kgo.Client, heard chan string) {
	output := bufio.NewWriter(os.Stdout)
	for count := 1; ; count++ {
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		records := client.PollRecords(ctx, 500).Records()
		cancel()
		stopped := len(records) > 0 && take(records, output, heard)
		if count%commitEvery == 0 {
			commit(context.Background(), client)
		}
		client.AllowRebalance()
		for len(heard) > 0 {
			stopped = <-heard == "stop" || stopped
		}
		if stopped {
			return
		}
	}
}

// take hands records over, and waits until they have arrived; says whether it was told to stop meanwhile.
func take(records []*kgo.Record, output *bufio.Writer, heard chan string) bool {
	lines := make([][]any, len(records))
	for index, each := range records {
		lines[index] = []any{each.Topic, each.Partition, each.Offset, string(each.Value)}
	}
	text, err := json.Marshal(lines)
	if err != nil {
		panic(err)
	}
	output.Write(text)
	output.WriteByte('\n')
	output.Flush()
	stopped := false
	for word := <-heard; word != "ok"; word = <-heard {
		stopped = true
	}
	return stopped
}

// commit is refused when a rebalance came, or the broker is away: what it was for will be read again.
func commit(ctx context.Context, client *kgo.Client) {
	limited, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	_ = client.CommitUncommittedOffsets(limited)
}
