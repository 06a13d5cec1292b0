using Recsys.Graphs;
using Recsys.Numerics;

namespace Recsys.Tests.Graphs;

public sealed class SharedRowsTests
{
    [Fact]
    public void Few_steps_of_the_blocks_add_up_and_many_are_averaged()
    {
        var rows = new AlignedRows(4, 3);
        for (var row = 0; row < 4; row++) rows[row].Fill(row);
        var shared = new SharedRows(rows, 3);
        // Row 1: one step of +1 in block 0 and one of +4 in block 2. Row 2: 300 steps in each block, which move it by 3, 6 and 9 in all.
        shared.Blocks[0].Row(1, 1)[0] += 1;
        shared.Blocks[2].Row(1, 1)[0] += 4;
        for (var block = 0; block < 3; block++)
            for (var step = 0; step < 300; step++) shared.Blocks[block].Row(2, 1)[1] += (block + 1) * 0.01f;
        shared.Blocks[1].Row(3)[2] = 3; // read alone
        Assert.Equal(2, rows[2][1]);    // nothing has moved yet
        foreach (var block in shared.Blocks) block.Finish();
        shared.Merge();
        Assert.Equal([6f, 1, 1], rows[1].ToArray());
        Assert.Equal(2 + (3 + 6 + 9) / 3f, rows[2][1], 1e-3f);
        Assert.Equal([3f, 3, 3], rows[3].ToArray());
        Assert.Equal([0f, 0, 0], rows[0].ToArray());

        // The next round begins anew, with the merged state.
        Assert.Equal(6, shared.Blocks[1].Row(1, 1)[0]);
        foreach (var block in shared.Blocks) block.Finish();
        shared.Merge();
        Assert.Equal(6, rows[1][0]);
    }

    [Fact]
    public void Steps_between_are_weighed_between_sum_and_mean()
    {
        var rows = new AlignedRows(1, 1);
        var shared = new SharedRows(rows, 2);
        // 40 + 8 steps of 1: more than 32, so each counts 32 / 48.
        for (var step = 0; step < 40; step++) shared.Blocks[0].Row(0, 1)[0]++;
        for (var step = 0; step < 8; step++) shared.Blocks[1].Row(0, 1)[0]++;
        foreach (var block in shared.Blocks) block.Finish();
        shared.Merge();
        Assert.Equal(32, rows[0][0], 1e-3f);
    }

    [Fact]
    public void A_block_grows_with_what_it_touches()
    {
        var rows = new AlignedRows(1000, 5);
        for (var row = 0; row < 1000; row++) rows[row].Fill(row);
        var shared = new SharedRows(rows, 1);
        for (var row = 0; row < 1000; row++) shared.Blocks[0].Row(row, 1)[4] += 0.5f;
        shared.Blocks[0].Finish();
        shared.Merge();
        for (var row = 0; row < 1000; row++) Assert.Equal([row, row, row, row, row + 0.5f], rows[row].ToArray());
    }
}
