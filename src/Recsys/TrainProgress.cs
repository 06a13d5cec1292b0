namespace Recsys;

/// <summary>How far a training has come.</summary>
/// <param name="Stage">What is being done, in a word or two.</param>
/// <param name="Step">Steps finished, 0..<paramref name="Steps"/>.</param>
/// <param name="Steps">Steps in all.</param>
/// <param name="Loss">The mean training loss of the last step, where the model computes one.</param>
public readonly record struct TrainProgress(string Stage, int Step, int Steps, double? Loss = null);
