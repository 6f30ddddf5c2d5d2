/** The ward list before it is known: the same lines, empty. */
import Skeleton from "@mui/material/Skeleton";

export function WaitingRows() {
  return (
    <div role="status" aria-label="Loading the patients">
      {[0, 1, 2, 3].map((row) => (
        <Skeleton key={row} variant="rounded" height={68} sx={{ mb: 1, animationDelay: `${row * 0.1}s` }} />
      ))}
    </div>
  );
}
