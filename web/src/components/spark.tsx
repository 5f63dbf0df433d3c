/** A line without axes, for the shape alone: the numbers stand beside it. */
export function Spark({ values, label }: { values: number[]; label: string }) {
  const most = Math.max(1, ...values)
  const [width, height] = [100, 22]
  const x = (i: number) => (values.length < 2 ? width / 2 : (i / (values.length - 1)) * width)
  const y = (v: number) => height - 1.5 - (v / most) * (height - 3)
  const line = values.map((v, i) => `${x(i).toFixed(1)},${y(v).toFixed(1)}`).join(' ')
  return (
    <svg role="img" aria-label={label} viewBox={`0 0 ${width} ${height}`} width={width} height={height} className="block text-accent" preserveAspectRatio="none">
      <title>{label}</title>
      {values.length < 2 ? <circle cx={width / 2} cy={y(values[0] ?? 0)} r={2} fill="currentColor" />
        : (
          <>
            <polygon points={`0,${height} ${line} ${width},${height}`} fill="currentColor" opacity={0.12} />
            <polyline points={line} fill="none" stroke="currentColor" strokeWidth={1.5} strokeLinejoin="round" vectorEffect="non-scaling-stroke" />
          </>
        )}
    </svg>
  )
}
